//! Setting in place what one may hold and use: GPUs at once, GPU-hours, shares; to so many, to as many as
//! one likes, or back to what everybody has.

use berth_api::ApiError;
use berth_api::quotas::{LimitKind, QuotaArg, QuotaView, QuotasAnswer, set_quota};
use berth_domain::Period;
use berth_domain::quota::Whose;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::notice::Notices;
use crate::texts::{admin as t, common, quotas as q};

#[component]
pub(super) fn LimitForm(
    whose: Whose,
    stands: Memo<QuotaView>,
    quotas: RwSignal<QuotasAnswer>,
) -> impl IntoView {
    let label = label(&whose);
    let forms = LimitKind::ALL.map(|kind| one(kind, &whose, stands, quotas));
    view! {
        <details class="limit">
            <summary>{common::CHANGE} <span class="visually-hidden">{t::THE_QUOTA_OF} {label}</span></summary>
            {forms.into_iter().collect_view()}
        </details>
    }
    .into_any()
}

/// The form of one kind.
fn one(
    kind: LimitKind,
    whose: &Whose,
    stands: Memo<QuotaView>,
    quotas: RwSignal<QuotasAnswer>,
) -> AnyView {
    let (field, value) = field(whose);
    let every = matches!(whose, Whose::EveryUser | Whose::EveryProject);
    let now = stands.get_untracked();
    let amount = match kind {
        LimitKind::Gpus => now.limit.map(|limit| limit.gpus),
        LimitKind::GpuHours => now.budget.map(|budget| budget.gpu_hours),
        LimitKind::Shares => Some(now.shares).filter(|_| now.shares_named),
    };
    let hard = match kind {
        LimitKind::Gpus => now.limit.is_some_and(|limit| limit.hard),
        LimitKind::GpuHours => now.budget.is_some_and(|budget| budget.hard),
        LimitKind::Shares => false,
    };
    let named = move || {
        stands.with(|one| match kind {
            LimitKind::Gpus => one.named,
            LimitKind::GpuHours => one.budget_named,
            LimitKind::Shares => one.shares_named,
        })
    };
    let reset = match (every, kind) {
        (true, LimitKind::Gpus) => t::BACK_TO_POLICY,
        (true, LimitKind::GpuHours | LimitKind::Shares) => t::BACK_TO_NONE,
        (false, _) => t::BACK_TO_EVERYBODY,
    };
    let send = Sender::here(kind, quotas);
    let of = Some((field, value.clone()));
    let submit = move |event: SubmitEvent| send.run(&event, of.clone());
    let period = now.budget.map(|budget| budget.period);
    view! {
        <form class="limit-form" method="post" action="/forms/quota" on:submit=submit>
            <input type="hidden" name=field value=value />
            {fields(&send, amount, hard, period, &label(whose))}
            <button class="button button-small" name="verb" value="set">{t::SET}</button>
            {(kind != LimitKind::Shares).then(|| view! {
                <button class="button button-small" name="verb" value="unlimited">{t::SET_NO_LIMIT}</button>
            })}
            {move || (every || named()).then(|| view! {
                <button class="button button-small" name="verb" value="reset" title=reset>
                    {t::RESET}
                </button>
            })}
        </form>
    }
    .into_any()
}

/// The number, what it is of, and whether it is a cap.
fn fields(
    send: &Sender,
    amount: Option<u32>,
    hard: bool,
    period: Option<Period>,
    label: &str,
) -> AnyView {
    let (kind, period) = (send.kind, period.unwrap_or(Period::Month));
    let unit = match kind {
        LimitKind::Gpus => t::GPUS_AT_ONCE,
        LimitKind::GpuHours => t::GPU_HOURS,
        LimitKind::Shares => t::SHARES,
    };
    let choice = |one: Period| {
        view! { <option value=one.as_str() selected=one == period>{q::each(one)}</option> }
    };
    let per = (kind == LimitKind::GpuHours).then(|| {
        view! {
            <select class="input" name="period" aria-label=t::period_of(label) node_ref=send.period>
                {Period::ALL.map(choice).into_iter().collect_view()}
            </select>
        }
    });
    let cap = (kind != LimitKind::Shares).then(|| {
        view! {
            <label class="limit-hard">
                <input type="checkbox" name="hard" checked=hard node_ref=send.hard />
                {t::HARD}
            </label>
        }
    });
    view! {
        <input
            class="input input-number"
            name=kind.as_str()
            inputmode="numeric"
            autocomplete="off"
            aria-label=t::amount_of(kind, label)
            value=amount.map(|amount| amount.to_string())
            node_ref=send.amount
        />
        <span class="limit-unit" aria-hidden="true">{unit}</span>
        {per}
        {cap}
    }
    .into_any()
}

/// For whom the table does not list: who holds nothing and has no quota of their own.
#[component]
pub(super) fn NamedForm(quotas: RwSignal<QuotasAnswer>) -> impl IntoView {
    let send = Sender::here(LimitKind::Gpus, quotas);
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
                {fields(&send, None, false, None, t::THE_PROJECT)}
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
    kind: LimitKind,
    amount: NodeRef<html::Input>,
    hard: NodeRef<html::Input>,
    period: NodeRef<html::Select>,
    quotas: RwSignal<QuotasAnswer>,
    notices: Notices,
}

impl Sender {
    fn here(kind: LimitKind, quotas: RwSignal<QuotasAnswer>) -> Self {
        Sender {
            kind,
            amount: NodeRef::new(),
            hard: NodeRef::new(),
            period: NodeRef::new(),
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
        let amount = self.amount.get_untracked();
        let amount = amount.map(|amount| amount.value()).unwrap_or_default();
        let hard = self.hard.get_untracked().is_some_and(|hard| hard.checked());
        let period = self.period.get_untracked().map(|period| period.value());
        let whose = whose.as_ref().map(|(field, name)| (*field, name.as_str()));
        let hard = hard.then_some(("hard", "on"));
        let period = period.as_ref().map(|period| ("period", period.as_str()));
        let rest = [(self.kind.as_str(), amount.as_str()), ("verb", verb)];
        let given = whose.into_iter().chain(hard).chain(period);
        QuotaArg::from_form(given.chain(rest))
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
