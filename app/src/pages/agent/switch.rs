//! The switch: whether agents and rules may act, and stopping them, all or one. Plain forms; with script the
//! page stays.

use berth_api::agents::{AgentView, AgentsAnswer, ResumeArg, StopArg, resume_agents, stop_agents};
use berth_domain::UserName;
use berth_domain::agent::{Mode, Stopped};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::desk::{Desk, focus};
use crate::components::confirm::Ask;
use crate::components::moment::Moment;
use crate::icons::{Icon, icon};
use crate::live::Live;
use crate::texts::agent as t;

/// Where the focus goes when all were stopped or let go on.
const STATE: &str = "switch-state";

#[component]
pub fn SwitchPanel(desk: Desk) -> impl IntoView {
    let admin = Live::here().is_admin();
    let stopped = Memo::new(move |_| desk.answer.with(|answer| answer.stopped.clone()));
    let is_stopped = Memo::new(move |_| stopped.with(Option::is_some));
    let counts = Memo::new(move |_| desk.answer.with(standing));
    let control = move || match (admin, is_stopped.get()) {
        (true, true) => view! { <ResumeForm agent=None desk after=STATE /> }.into_any(),
        (true, false) => view! { <StopForm agent=None desk after=STATE /> }.into_any(),
        (false, true) => view! { <p class="hint">{t::ONLY_ADMINS_RESUME}</p> }.into_any(),
        (false, false) => view! { <Own desk /> }.into_any(),
    };
    view! {
        <section class="panel agent-switch" class:is-stopped=is_stopped aria-labelledby="switch-title">
            <h2 class="visually-hidden" id="switch-title">{t::SWITCH}</h2>
            <div class="switch-state" id=STATE role="status" tabindex="-1">
                {move || match stopped.get() {
                    None => view! {
                        {badge(false)}
                        <p>{t::ALL_MAY_ACT} " " <span class="quiet">{counts}</span></p>
                    }
                    .into_any(),
                    Some(stopped) => view! {
                        {badge(true)}
                        <p>{t::ALL_ARE_STOPPED} {why(stopped)}</p>
                    }
                    .into_any(),
                }}
            </div>
            {control}
        </section>
    }
    .into_any()
}

/// How many act and how many do not.
fn standing(answer: &AgentsAnswer) -> String {
    let stopped = answer.agents.iter().filter(|one| one.stopped.is_some());
    let stopped = stopped.count();
    let in_mode = |mode: Mode| answer.rules.iter().filter(|one| one.mode == mode).count();
    t::standing(
        answer.agents.len() - stopped,
        stopped,
        in_mode(Mode::Act),
        in_mode(Mode::Suggest),
    )
}

/// In shape and word too, not by colour alone.
pub fn badge(stopped: bool) -> AnyView {
    let (class, which, word) = if stopped {
        ("badge badge-warn", Icon::Stopping, t::STOPPED)
    } else {
        ("badge badge-ok", Icon::Running, t::ACTING)
    };
    view! { <span class=class>{icon(which)} {word}</span> }.into_any()
}

/// `, by kim, 12 min ago: it submits nonsense`.
pub fn why(stopped: Stopped) -> AnyView {
    view! {
        {t::STOPPED_BY} <strong>{stopped.by.to_string()}</strong> {t::STOPPED_AT} <Moment at=stopped.at />
        {t::STOPPED_WHY} {stopped.why}
    }
    .into_any()
}

/// The agents that act for whoever looks, where they can be stopped at once.
#[component]
fn Own(desk: Desk) -> impl IntoView {
    let live = Live::here();
    let own = move || {
        desk.answer.with(|answer| {
            let agents = answer.agents.iter();
            let own = agents.filter(|one| live.is_me(Some(&one.acts_for)));
            own.cloned().collect::<Vec<AgentView>>()
        })
    };
    view! {
        <ul class="switch-own">
            <For
                each=own
                key=|agent| agent.name.clone()
                children=move |agent| {
                    let one = desk.agent(agent.clone());
                    let is_stopped = move || one.with(|one| one.stopped.is_some());
                    view! {
                        <li>
                            <span class="switch-name">{agent.name.to_string()}</span>
                            {move || badge(is_stopped())}
                            <AgentSwitch one desk after="switch-state" />
                        </li>
                    }
                }
            />
        </ul>
        <p class="hint">{t::ONLY_ADMINS_STOP_ALL}</p>
    }
    .into_any()
}

/// What stops one agent, or lets it go on. While all are stopped there is nothing to do to one.
#[component]
pub fn AgentSwitch(
    one: Memo<AgentView>,
    desk: Desk,
    /// Where the focus goes then.
    #[prop(into)]
    after: String,
) -> impl IntoView {
    let name = one.with_untracked(|one| one.name.clone());
    let all = Memo::new(move |_| desk.answer.with(|answer| answer.stopped.is_some()));
    let is_stopped = Memo::new(move |_| one.with(|one| one.stopped.is_some()));
    move || {
        let agent = Some(name.clone());
        let after = after.clone();
        match (all.get(), is_stopped.get()) {
            (true, _) => ().into_any(),
            (false, true) => view! { <ResumeForm agent desk after /> }.into_any(),
            (false, false) => view! {
                <details class="agent-stop">
                    <summary class="button button-small button-bad-quiet" aria-label=t::stop(&name)>
                        {t::STOP}
                    </summary>
                    <StopForm agent desk after />
                </details>
            }
            .into_any(),
        }
    }
}

/// Stops one agent, or all and the rules.
#[component]
fn StopForm(agent: Option<UserName>, desk: Desk, #[prop(into)] after: String) -> impl IntoView {
    let [why, jobs] = [(); 2].map(|()| NodeRef::<html::Input>::new());
    let of = agent.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(why), Some(jobs)) = (why.get_untracked(), jobs.get_untracked()) else {
            return;
        };
        let after = after.clone();
        let arg = StopArg {
            agent: of.as_ref().map(ToString::to_string),
            why: why.value(),
            jobs: jobs.checked(),
        };
        let said = of
            .as_ref()
            .map_or_else(|| t::ALL_STOPPED.to_owned(), t::is_stopped);
        let stop = move |()| {
            let after = after.clone();
            desk.send(stop_agents(arg.clone()), said.clone(), move || focus(after));
        };
        if !jobs.checked() {
            return stop(());
        }
        let title = of.as_ref();
        let ask = Ask {
            title: title.map_or_else(|| t::CANCEL_ALL_ASKED.to_owned(), t::cancel_asked),
            text: t::CANCEL_TOLD.to_owned(),
            verb: t::STOP_AND_CANCEL,
        };
        desk.confirm.ask(ask, Callback::new(stop));
    };
    let (label, word, jobs_too) = match &agent {
        None => (
            t::WHY_STOP_ALL.to_owned(),
            t::STOP_ALL.to_owned(),
            t::JOBS_TOO,
        ),
        Some(agent) => (t::why_stop(agent), t::stop(agent), t::ITS_JOBS_TOO),
    };
    let hidden = agent.map(|agent| {
        view! { <input type="hidden" name="agent" value=agent.to_string() /> }
    });
    view! {
        <form class="stop-form" method="post" action="/forms/agent-stop" on:submit=submit>
            {hidden}
            <input
                class="input"
                name="why"
                node_ref=why
                required
                autocomplete="off"
                placeholder=t::WHY
                aria-label=label
            />
            <label class="agent-tick">
                <input type="checkbox" name="jobs" node_ref=jobs />
                {jobs_too}
            </label>
            <button class="button button-bad">{word}</button>
        </form>
    }
    .into_any()
}

/// Lets one agent go on, or all and the rules.
#[component]
fn ResumeForm(agent: Option<UserName>, desk: Desk, #[prop(into)] after: String) -> impl IntoView {
    let of = agent.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let after = after.clone();
        let arg = ResumeArg {
            agent: of.as_ref().map(ToString::to_string),
        };
        let said = of
            .as_ref()
            .map_or_else(|| t::ALL_GO_ON.to_owned(), t::goes_on);
        desk.send(resume_agents(arg), said, move || focus(after));
    };
    let (class, label, word) = match &agent {
        None => ("button", None, t::LET_THEM_GO_ON),
        Some(agent) => (
            "button button-small",
            Some(t::let_go_on(agent)),
            t::LET_IT_GO_ON,
        ),
    };
    let hidden = agent.map(|agent| {
        view! { <input type="hidden" name="agent" value=agent.to_string() /> }
    });
    view! {
        <form method="post" action="/forms/agent-resume" on:submit=submit>
            {hidden}
            <button class=class aria-label=label>{word}</button>
        </form>
    }
    .into_any()
}
