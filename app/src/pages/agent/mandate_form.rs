//! The form that makes an agent or changes its mandate: a plain one, which the server answers; with script
//! the page stays, and what is refused is said at its field.

use berth_api::ApiError;
use berth_api::agents::form::{ACTIONS, CHECKS, TEXTS};
use berth_api::agents::{SetAgentArg, set_agent};
use berth_domain::agent::Action;
use berth_domain::{Mandate, UserName};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::asked::Asked;
use super::desk::{Desk, focus};
use super::filter::Filter;
use super::one::{heading, show};
use crate::clock::Clock;
use crate::components::field::{Field, Kind};
use crate::live::Live;
use crate::texts::{agent as t, common};

/// As many as there are kinds of acts.
const ACTS: usize = Action::ALL.len();

/// What is typed. Cheap to copy.
#[derive(Clone, Copy)]
struct Draft {
    texts: [RwSignal<String>; TEXTS.len()],
    /// Of each action: whether it may, and whether somebody is asked first.
    acts: [[RwSignal<bool>; ACTS]; ACTIONS.len()],
    checks: [RwSignal<bool>; CHECKS.len()],
    /// What the server said is wrong, and with which field.
    refused: RwSignal<Option<(String, String)>>,
}

impl Draft {
    /// Of these fields of a form.
    fn of(fields: &[(&'static str, String)], refused: Option<(String, String)>) -> Self {
        let text = |name: &str| {
            let found = fields.iter().find(|(one, _)| *one == name);
            RwSignal::new(found.map(|(_, text)| text.clone()).unwrap_or_default())
        };
        let ticked = |name: &str, value: Option<&str>| {
            let found = fields
                .iter()
                .any(|(one, given)| *one == name && value.is_none_or(|value| given == value));
            RwSignal::new(found)
        };
        let acts = |name: &'static str| {
            std::array::from_fn(|place| ticked(name, Some(Action::ALL[place].as_str())))
        };
        Draft {
            texts: TEXTS.map(text),
            acts: ACTIONS.map(acts),
            checks: CHECKS.map(|name| ticked(name, None)),
            refused: RwSignal::new(refused),
        }
    }

    fn text(self, name: &str) -> RwSignal<String> {
        let place = TEXTS.iter().position(|known| *known == name);
        self.texts[place.unwrap_or_default()]
    }

    /// What stands in the form now.
    fn arg(self, known: Option<&Mandate>) -> Result<SetAgentArg, ApiError> {
        let texts: Vec<String> = self.texts.iter().map(|text| text.get_untracked()).collect();
        let texts = TEXTS.into_iter().zip(texts.iter().map(String::as_str));
        let acts = ACTIONS.into_iter().zip(self.acts).flat_map(|(name, acts)| {
            let ticked = Action::ALL.iter().zip(acts);
            let ticked = ticked.filter(|(_, on)| on.get_untracked());
            ticked.map(move |(action, _)| (name, action.as_str()))
        });
        let checks = CHECKS.into_iter().zip(self.checks);
        let checks = checks.filter(|(_, on)| on.get_untracked());
        let checks = checks.map(|(name, _)| (name, "on"));
        SetAgentArg::from_form(texts.chain(acts).chain(checks), known)
    }

    /// What is wrong with a field.
    fn problem(self, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.refused.with(|refused| {
                let of = refused.as_ref().filter(|(field, _)| field == name);
                of.map(|(_, why)| why.clone())
            })
        })
    }

    fn field(
        self,
        name: &'static str,
        label: &'static str,
        kind: Kind,
        hint: &'static str,
        placeholder: &'static str,
    ) -> AnyView {
        let left = Callback::new(|_| ());
        let (value, problem) = (self.text(name), self.problem(name));
        view! { <Field name label value problem left kind hint placeholder /> }.into_any()
    }
}

#[component]
pub fn MandateForm(asked: Asked, desk: Desk, filter: Memo<Filter>) -> impl IntoView {
    let (live, clock) = (Live::here(), Clock::here());
    let of = asked.of.map(UserName);
    let fields = if asked.typed.is_empty() {
        start(of.as_ref(), desk)
    } else {
        asked.typed
    };
    let draft = Draft::of(&fields, asked.refused);
    let sending = RwSignal::new(false);
    let navigate = use_navigate();
    let close = Callback::new(move |()| {
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        if let Some(href) = filter.try_with_untracked(|filter| filter.href(None)) {
            navigate(&href, options);
        }
    });
    // Opened by hand, it is where one goes on.
    if untrack(|| clock.hydrated()) {
        focus(if of.is_some() { "gpu_hours" } else { "name" });
    }
    let is_new = of.is_none();
    let changed = of.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !sending.get_untracked() {
            send(draft, changed.clone(), desk, sending, close);
        }
    };
    // Below the heading of what it is part of.
    let (title, verb) = match &of {
        None => (
            view! { <h3 id="mandate-title">{t::NEW_AGENT}</h3> }.into_any(),
            t::MAKE,
        ),
        Some(name) => (
            view! { <h4 id="mandate-title">{t::mandate_of(name.as_str())}</h4> }.into_any(),
            t::SAVE,
        ),
    };
    let whose = match &of {
        None => who(draft, live.is_admin()),
        Some(name) => view! {
            <input type="hidden" name="edit" value=name.to_string() />
            <input type="hidden" name="name" value=name.to_string() />
        }
        .into_any(),
    };
    let general = move || {
        draft.refused.with(|refused| {
            let of_field = |name: &str| {
                let shown = is_new || name != "name";
                shown && TEXTS.iter().chain(&ACTIONS).any(|known| *known == name)
            };
            let other = refused.as_ref().filter(|(field, _)| !of_field(field));
            other.map(|(_, why)| why.clone())
        })
    };
    view! {
        <form
            class="mandate-form"
            id="mandate-form"
            method="post"
            action="/forms/agent"
            novalidate
            aria-labelledby="mandate-title"
            on:submit=submit
        >
            <header class="mandate-head">
                {title}
                <a
                    class="button button-small button-quiet"
                    href=move || filter.with(|filter| filter.href(None))
                >
                    {common::CLOSE}
                </a>
            </header>
            {move || general().map(|why| view! {
                <p class="banner banner-bad" role="alert">{why}</p>
            })}
            {whose}
            <div class="field-row">
                {draft.field("gpu_hours", t::GPU_HOURS, Kind::Number, t::GPU_HOURS_HINT, "")}
                {draft.field("gpus_at_once", t::GPUS_AT_ONCE, Kind::Number, t::GPUS_AT_ONCE_HINT, "")}
                {draft.field("jobs_per_hour", t::JOBS_PER_HOUR, Kind::Number, "", "")}
            </div>
            <Acts draft />
            <div class="field-row">
                {check(draft, 0, t::ALL_JOBS, t::ALL_JOBS_HINT)}
                {check(draft, 1, t::PREEMPT, t::PREEMPT_HINT)}
            </div>
            <div class="field-row">
                {draft.field("approve_above", t::APPROVE_ABOVE, Kind::Number, t::APPROVE_ABOVE_HINT, "")}
                {draft.field("hours", t::HOURS, Kind::Line, t::HOURS_HINT, "")}
                {draft.field("projects", t::PROJECTS, Kind::Line, t::PROJECTS_HINT, "")}
            </div>
            {draft.field("commands", t::COMMANDS, Kind::Lines(3), t::COMMANDS_HINT, t::COMMANDS_EXAMPLE)}
            <div class="form-end">
                // Pressing it must not leave a field first: what then appears would move it away.
                <button
                    class="button button-main"
                    disabled=sending
                    on:mousedown=|event| event.prevent_default()
                >
                    {verb}
                </button>
            </div>
        </form>
    }
    .into_any()
}

/// What a form begins with: the mandate as it is, or a careful one.
fn start(of: Option<&UserName>, desk: Desk) -> Vec<(&'static str, String)> {
    let known = of.and_then(|name| mandate_of(name, desk));
    let arg = SetAgentArg {
        mandate: known.unwrap_or_default(),
        ..SetAgentArg::default()
    };
    arg.to_form()
}

fn mandate_of(name: &UserName, desk: Desk) -> Option<Mandate> {
    desk.answer.with_untracked(|answer| {
        let found = answer.agents.iter().find(|one| one.name == *name);
        found.map(|one| one.mandate.clone())
    })
}

/// Makes the agent or changes its mandate, then closes the form.
fn send(
    draft: Draft,
    of: Option<UserName>,
    desk: Desk,
    sending: RwSignal<bool>,
    close: Callback<()>,
) {
    draft.refused.set(None);
    let known = of.as_ref().and_then(|name| mandate_of(name, desk));
    let arg = match draft.arg(known.as_ref()) {
        Ok(arg) => arg,
        Err(error) => return refuse(draft, &error),
    };
    let arg = match &of {
        Some(name) => SetAgentArg {
            name: name.to_string(),
            ..arg
        },
        None if mandate_of(&UserName(arg.name.clone()), desk).is_some() => {
            let why = t::is_there_already(&arg.name);
            return refuse(draft, &ApiError::invalid("name", why));
        }
        None => arg,
    };
    sending.set(true);
    spawn_local(async move {
        match set_agent(arg).await {
            Ok(set) => {
                let name = set.agent.name;
                let said = match of {
                    None => t::made(&name),
                    Some(_) => t::saved(&name),
                };
                desk.notices.say(said);
                close.try_run(());
                desk.again();
                focus(heading(&name));
                show(name, set.token, desk);
            }
            Err(error) => refuse(draft, &error),
        }
        sending.try_set(false);
    });
}

/// Says what is wrong at its field, and goes there.
fn refuse(draft: Draft, error: &ApiError) {
    let field = error.field().unwrap_or_default().to_owned();
    focus(field.clone());
    draft.refused.try_set(Some((field, error.to_string())));
}

/// What a new agent is called, and for whom it acts.
fn who(draft: Draft, admin: bool) -> AnyView {
    let acts_for =
        admin.then(|| draft.field("acts_for", t::ACTS_FOR, Kind::Line, t::ACTS_FOR_HINT, ""));
    view! {
        <input type="hidden" name="new" value="1" />
        <div class="field-row">
            {draft.field("name", common::NAME, Kind::Line, t::NAME_HINT, "")}
            {acts_for}
        </div>
    }
    .into_any()
}

/// What it may do, and before what it asks.
#[component]
fn Acts(draft: Draft) -> impl IntoView {
    let [may, approve] = draft.acts;
    let rows = Action::ALL.iter().enumerate().map(|(place, action)| {
        let words = t::action(*action);
        view! {
            <tr>
                <th scope="row">{words}</th>
                <td>{tick(ACTIONS[0], *action, may[place], t::may(words))}</td>
                <td>{tick(ACTIONS[1], *action, approve[place], t::asks_first(words))}</td>
            </tr>
        }
    });
    let rows: Vec<_> = rows.collect();
    let problem = move || {
        draft.refused.with(|refused| {
            let of = refused.as_ref();
            let of = of.filter(|(field, _)| ACTIONS.contains(&field.as_str()));
            of.map(|(_, why)| why.clone())
        })
    };
    view! {
        <fieldset class="mandate-acts">
            <legend>{t::WHAT_IT_MAY}</legend>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{t::ACTION}</th>
                        <th scope="col">{t::MAY}</th>
                        <th scope="col">{t::ASK_FIRST}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            <p class="field-problem" aria-live="polite">{problem}</p>
        </fieldset>
    }
    .into_any()
}

fn tick(name: &'static str, action: Action, on: RwSignal<bool>, label: String) -> AnyView {
    view! {
        <input
            type="checkbox"
            name=name
            value=action.as_str()
            aria-label=label
            checked=on.get_untracked()
            prop:checked=on
            on:change=move |event| on.set(event_target_checked(&event))
        />
    }
    .into_any()
}

fn check(draft: Draft, place: usize, label: &'static str, hint: &'static str) -> AnyView {
    let (name, on) = (CHECKS[place], draft.checks[place]);
    let described = format!("{name}-hint");
    let id = described.clone();
    view! {
        <div class="check">
            <input
                type="checkbox"
                id=name
                name=name
                checked=on.get_untracked()
                prop:checked=on
                on:change=move |event| on.set(event_target_checked(&event))
                aria-describedby=described
            />
            <label for=name>{label}</label>
            <p class="hint" id=id>{hint}</p>
        </div>
    }
    .into_any()
}
