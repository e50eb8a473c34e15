//! The rules that Berth follows by itself: what each looks for, how far it goes, and where a project has
//! it otherwise.

use berth_api::agents::{RuleArg, RuleView, set_agent_rule};
use berth_domain::agent::{AgentRule, Mode};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::desk::{Desk, focus};
use crate::live::Live;
use crate::texts::{agent as t, common};

#[component]
pub fn RulesPanel(desk: Desk) -> impl IntoView {
    let admin = Live::here().is_admin();
    let stopped = move || desk.answer.with(|answer| answer.stopped.is_some());
    let told = Mode::ALL.iter().map(|mode| {
        view! {
            <div>
                <dt><span class="tag">{mode.as_str()}</span></dt>
                <dd>{t::mode_told(*mode)}</dd>
            </div>
        }
    });
    // Which there are does not change while the page is open.
    let rows: Vec<AnyView> = AgentRule::ALL
        .iter()
        .map(|rule| row(*rule, desk, admin))
        .collect();
    view! {
        <section class="panel" aria-labelledby="rules-title">
            <h2 id="rules-title">{t::RULES}</h2>
            <dl class="modes">{told.collect_view()}</dl>
            {move || stopped().then(|| view! { <p class="trouble">{t::RULES_ARE_STOPPED}</p> })}
            {(!admin).then(|| view! { <p class="hint">{t::ONLY_ADMINS_SET}</p> })}
            <table class="rules">
                <caption class="visually-hidden">{t::RULES}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t::RULE}</th>
                        <th scope="col">{t::LOOKS_FOR}</th>
                        <th scope="col">{t::MODE}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {admin.then(|| view! { <OwnMode desk /> })}
        </section>
    }
    .into_any()
}

fn row(rule: AgentRule, desk: Desk, admin: bool) -> AnyView {
    let view = Memo::new(move |_| {
        desk.answer.with(|answer| {
            let mut all = answer.rules.iter();
            all.find(|one| one.rule == rule).cloned()
        })
    });
    let mode = Memo::new(move |_| view.with(|view| view.as_ref().map(|view| view.mode)));
    let control = move || {
        let mode = mode.get().unwrap_or_default();
        if admin {
            choice(rule, mode, desk)
        } else {
            view! { <span class="tag">{mode.as_str()}</span> }.into_any()
        }
    };
    let projects = move || {
        let all = view.with(|view| view.as_ref().map(|view| own(view, desk, admin)));
        all.filter(|all| !all.is_empty())
            .map(|all| view! { <ul class="rule-projects">{all}</ul> })
    };
    view! {
        <tr data-rule=rule.as_str()>
            <th scope="row">{rule.title()}</th>
            <td class="rule-text">{rule.text()}</td>
            <td>{control} {projects}</td>
        </tr>
    }
    .into_any()
}

/// How far it goes, for all.
fn choice(rule: AgentRule, mode: Mode, desk: Desk) -> AnyView {
    let select = NodeRef::<html::Select>::new();
    let id = format!("rule-{rule}");
    let after = id.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let after = after.clone();
        let arg = RuleArg {
            rule: rule.to_string(),
            project: None,
            mode: select.get_untracked().map(|select| select.value()),
        };
        desk.send(set_agent_rule(arg), t::MODE_IS_SET.to_owned(), move || {
            focus(after);
        });
    };
    view! {
        <form class="rule-form" method="post" action="/forms/agent-rule" on:submit=submit>
            <input type="hidden" name="rule" value=rule.as_str() />
            <select class="input" id=id name="mode" node_ref=select aria-label=t::mode_of(rule.title())>
                {options(Some(mode))}
            </select>
            <button class="button button-small" aria-label=t::set_mode_of(rule.title())>{t::SET}</button>
        </form>
    }
    .into_any()
}

fn options(chosen: Option<Mode>) -> Vec<AnyView> {
    let option = |mode: &Mode| {
        let (value, selected) = (mode.as_str(), Some(*mode) == chosen);
        view! { <option value=value selected=selected prop:selected=selected>{value}</option> }
            .into_any()
    };
    Mode::ALL.iter().map(option).collect()
}

/// Where projects have it otherwise.
fn own(view: &RuleView, desk: Desk, admin: bool) -> Vec<AnyView> {
    let (rule, title) = (view.rule, view.title.clone());
    let one = |(project, mode): (&String, &Mode)| {
        let back = admin.then(|| as_for_all(rule, &title, project, desk));
        let words = t::project_mode(project, mode.as_str());
        view! { <li data-project=project.clone()>{words} {back}</li> }.into_any()
    };
    view.projects.iter().map(one).collect()
}

fn as_for_all(rule: AgentRule, title: &str, project: &str, desk: Desk) -> AnyView {
    let label = t::rule_as_for_all(title, project);
    let (of, value) = (project.to_owned(), project.to_owned());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let arg = RuleArg {
            rule: rule.to_string(),
            project: Some(of.clone()),
            mode: None,
        };
        let after = format!("rule-{rule}");
        desk.send(set_agent_rule(arg), t::MODE_IS_SET.to_owned(), move || {
            focus(after);
        });
    };
    view! {
        <form method="post" action="/forms/agent-rule" on:submit=submit>
            <input type="hidden" name="rule" value=rule.as_str() />
            <input type="hidden" name="project" value=value />
            <button class="button button-small button-quiet" aria-label=label>{t::BACK_TO_ALL}</button>
        </form>
    }
    .into_any()
}

/// A mode of its own for a project.
#[component]
fn OwnMode(desk: Desk) -> impl IntoView {
    let [which, mode] = [(); 2].map(|()| NodeRef::<html::Select>::new());
    let project = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(which), Some(project), Some(mode)) = (
            which.get_untracked(),
            project.get_untracked(),
            mode.get_untracked(),
        ) else {
            return;
        };
        let arg = RuleArg {
            rule: which.value(),
            project: Some(project.value()),
            mode: Some(mode.value()),
        };
        let then = move || project.set_value("");
        desk.send(set_agent_rule(arg), t::MODE_IS_SET.to_owned(), then);
    };
    let rules = AgentRule::ALL.iter().map(|rule| {
        view! { <option value=rule.as_str()>{rule.title()}</option> }
    });
    view! {
        <details class="limit own-mode">
            <summary>{t::OWN_MODE}</summary>
            <form class="rule-form" method="post" action="/forms/agent-rule" on:submit=submit>
                <select class="input" name="rule" node_ref=which aria-label=t::RULE>
                    {rules.collect_view()}
                </select>
                <input
                    class="input"
                    name="project"
                    node_ref=project
                    required
                    autocomplete="off"
                    placeholder=common::PROJECT
                    aria-label=common::PROJECT
                />
                <select class="input" name="mode" node_ref=mode aria-label=t::MODE>
                    {options(None)}
                    <option value="">{t::AS_FOR_ALL}</option>
                </select>
                <button class="button button-small">{t::SET}</button>
            </form>
        </details>
    }
    .into_any()
}
