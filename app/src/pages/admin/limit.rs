//! Setting a quota in place: to so many, to as many as one likes, or back to what everybody has.

use berth_api::ApiError;
use berth_api::quotas::{QuotaArg, QuotaView, QuotasAnswer, set_quota};
use berth_domain::quota::Whose;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::notice::Notices;
use crate::texts::{admin as t, common};

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
        t::BACK_TO_POLICY
    } else {
        t::BACK_TO_EVERYBODY
    };
    let of = Some((field, value.clone()));
    let send = Sender::here(quotas);
    let submit = move |event: SubmitEvent| send.run(&event, of.clone());
    view! {
        <details class="limit">
            <summary>{common::CHANGE} <span class="visually-hidden">{t::THE_QUOTA_OF} {label.clone()}</span></summary>
            <form class="limit-form" method="post" action="/forms/quota" on:submit=submit>
                <input type="hidden" name=field value=value />
                <input
                    class="input input-number"
                    name="gpus"
                    inputmode="numeric"
                    autocomplete="off"
                    aria-label=t::gpus_of(&label)
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
                    {t::HARD}
                </label>
                <button class="button button-small" name="verb" value="set">{t::SET}</button>
                <button class="button button-small" name="verb" value="unlimited">{t::SET_NO_LIMIT}</button>
                {move || resets().then(|| view! {
                    <button class="button button-small" name="verb" value="reset" title=reset>
                        {t::RESET}
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
            <summary>{t::ANOTHER_PROJECT}</summary>
            <form class="limit-form" method="post" action="/forms/quota" on:submit=submit>
                <input
                    class="input limit-name"
                    name="project"
                    required
                    autocomplete="off"
                    placeholder=common::PROJECT
                    aria-label=common::PROJECT
                    node_ref=project
                />
                <input
                    class="input input-number"
                    name="gpus"
                    inputmode="numeric"
                    autocomplete="off"
                    placeholder=common::GPUS
                    aria-label=t::GPUS_OF_PROJECT
                    node_ref=send.gpus
                />
                <label class="limit-hard">
                    <input type="checkbox" name="hard" node_ref=send.hard />
                    {t::HARD}
                </label>
                <button class="button button-small" name="verb" value="set">{t::SET}</button>
                <button class="button button-small" name="verb" value="unlimited">{t::SET_NO_LIMIT}</button>
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
                    self.notices.say(t::QUOTA_IS_SET);
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
        Whose::EveryUser => t::EVERY_OTHER_USER.to_owned(),
        Whose::EveryProject => t::EVERY_OTHER_PROJECT.to_owned(),
        Whose::User(user) => user.0.clone(),
        Whose::Project(project) => common::project(project),
    }
}
