//! Setting a quota in place: to so many, to as many as one likes, or back to what everybody has.

use berth_api::ApiError;
use berth_api::quotas::{QuotaArg, QuotaView, QuotasAnswer, set_quota};
use berth_domain::quota::Whose;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::notice::Notices;

#[component]
pub(super) fn LimitForm(
    whose: Whose,
    stands: Memo<QuotaView>,
    quotas: RwSignal<QuotasAnswer>,
) -> impl IntoView {
    let (field, value) = field(&whose);
    let label = label(&whose);
    let every = matches!(whose, Whose::EveryUser | Whose::EveryProject);
    let limit = stands.with_untracked(|one| one.limit);
    let resets = move || every || stands.with(|one| one.named);
    let reset = if every {
        "Back to what the policy has"
    } else {
        "Back to what everybody has"
    };
    let of = Some((field, value.clone()));
    let send = Sender::here(quotas);
    let submit = move |event: SubmitEvent| send.run(&event, of.clone());
    view! {
        <details class="limit">
            <summary>"Change" <span class="visually-hidden">" the quota of " {label.clone()}</span></summary>
            <form class="limit-form" method="post" action="/forms/quota" on:submit=submit>
                <input type="hidden" name=field value=value />
                <input
                    class="input input-number"
                    name="gpus"
                    inputmode="numeric"
                    autocomplete="off"
                    aria-label=format!("GPUs of {label}")
                    value=limit.map(|limit| limit.gpus.to_string())
                    node_ref=send.gpus
                />
                <label class="limit-hard">
                    <input
                        type="checkbox"
                        name="hard"
                        checked=limit.is_some_and(|limit| limit.hard)
                        node_ref=send.hard
                    />
                    "hard"
                </label>
                <button class="button button-small" name="verb" value="set">"Set"</button>
                <button class="button button-small" name="verb" value="unlimited">"No limit"</button>
                {move || resets().then(|| view! {
                    <button class="button button-small" name="verb" value="reset" title=reset>
                        "Reset"
                    </button>
                })}
            </form>
        </details>
    }
    .into_any()
}

/// For whom the table does not list: who holds nothing and has no quota of their own.
#[component]
pub(super) fn NamedForm(quotas: RwSignal<QuotasAnswer>) -> impl IntoView {
    let send = Sender::here(quotas);
    let project = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        let name = project.get_untracked().map(|project| project.value());
        send.run(&event, name.map(|name| ("project", name)));
    };
    view! {
        <details class="limit">
            <summary>"Another project"</summary>
            <form class="limit-form" method="post" action="/forms/quota" on:submit=submit>
                <input
                    class="input limit-name"
                    name="project"
                    required
                    autocomplete="off"
                    placeholder="Project"
                    aria-label="Project"
                    node_ref=project
                />
                <input
                    class="input input-number"
                    name="gpus"
                    inputmode="numeric"
                    autocomplete="off"
                    placeholder="GPUs"
                    aria-label="GPUs of the project"
                    node_ref=send.gpus
                />
                <label class="limit-hard">
                    <input type="checkbox" name="hard" node_ref=send.hard />
                    "hard"
                </label>
                <button class="button button-small" name="verb" value="set">"Set"</button>
                <button class="button button-small" name="verb" value="unlimited">"No limit"</button>
            </form>
        </details>
    }
    .into_any()
}

/// What a form has, and where the answer goes. Cheap to copy.
#[derive(Clone, Copy)]
struct Sender {
    gpus: NodeRef<html::Input>,
    hard: NodeRef<html::Input>,
    quotas: RwSignal<QuotasAnswer>,
    notices: Notices,
}

impl Sender {
    fn here(quotas: RwSignal<QuotasAnswer>) -> Self {
        Sender {
            gpus: NodeRef::new(),
            hard: NodeRef::new(),
            quotas,
            notices: Notices::here(),
        }
    }

    fn run(self, event: &SubmitEvent, whose: Option<(&'static str, String)>) {
        event.prevent_default();
        let pressed = event.submitter();
        let pressed = pressed.and_then(|button| button.get_attribute("value"));
        let arg = self.arg(whose, pressed.as_deref().unwrap_or("set"));
        spawn_local(async move {
            let set = match arg {
                Ok(arg) => set_quota(arg).await,
                Err(error) => Err(error),
            };
            match set {
                Ok(set) => {
                    self.quotas.try_set(set);
                    self.notices.say("The quota is set.");
                }
                Err(error) => self.notices.refuse(&error),
            }
        });
    }

    fn arg(self, whose: Option<(&'static str, String)>, verb: &str) -> Result<QuotaArg, ApiError> {
        let gpus = self.gpus.get_untracked();
        let gpus = gpus.map(|gpus| gpus.value()).unwrap_or_default();
        let hard = self.hard.get_untracked().is_some_and(|hard| hard.checked());
        let whose = whose.as_ref().map(|(field, name)| (*field, name.as_str()));
        let hard = hard.then_some(("hard", "on"));
        let rest = [("gpus", gpus.as_str()), ("verb", verb)];
        QuotaArg::from_form(whose.into_iter().chain(hard).chain(rest))
    }
}

/// The field that says whose it is.
fn field(whose: &Whose) -> (&'static str, String) {
    match whose {
        Whose::EveryUser => ("every", "user".to_owned()),
        Whose::EveryProject => ("every", "project".to_owned()),
        Whose::User(user) => ("user", user.0.clone()),
        Whose::Project(project) => ("project", project.clone()),
    }
}

/// For who does not see the row that it is in.
fn label(whose: &Whose) -> String {
    match whose {
        Whose::EveryUser => "every other user".to_owned(),
        Whose::EveryProject => "every other project".to_owned(),
        Whose::User(user) => user.0.clone(),
        Whose::Project(project) => format!("project {project}"),
    }
}
