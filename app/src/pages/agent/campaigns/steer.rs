//! The form that steers a campaign: less to search, another budget, a note.

use berth_api::campaigns::form::{FROM, ONLY, TO, hours};
use berth_domain::campaign::{Dimension, Space};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::actions::{address, read};
use super::sheet::Sheet;
use super::words;
use crate::texts::agent::campaigns as t;

/// As the server reads them.
const NOTE: &str = "note";
const HOURS: &str = "gpu_hours";

#[component]
pub fn Steer(sheet: Sheet) -> impl IntoView {
    // What is typed stays until what it begins with has changed.
    let begins = Memo::new(move |_| {
        sheet.known.with(|known| Begins {
            asked: known.space.clone(),
            searched: known.searched.clone(),
            gpu_seconds: known.budget.gpu_seconds,
        })
    });
    view! {
        <details class="agent-stop">
            <summary class="button button-small">{t::STEER}</summary>
            {move || view! { <SteerForm sheet begins=begins.get() /> }}
        </details>
    }
    .into_any()
}

/// What the form is filled in with.
#[derive(Clone, Debug, PartialEq)]
struct Begins {
    asked: Space,
    searched: Space,
    gpu_seconds: u64,
}

/// An input of the form. What it says is read when the form is sent.
#[derive(Clone)]
struct Typed {
    name: String,
    node: NodeRef<html::Input>,
    /// Of a box: it counts only where it is ticked.
    ticks: bool,
}

#[component]
fn SteerForm(sheet: Sheet, begins: Begins) -> impl IntoView {
    let mut all = Vec::new();
    let parameters: Vec<AnyView> = begins
        .asked
        .iter()
        .map(|(name, asked)| {
            let now = begins.searched.get(name).unwrap_or(asked);
            parameter(name, asked, now, &mut all)
        })
        .collect();
    let [note, budget] = [(); 2].map(|()| NodeRef::<html::Input>::new());
    for (name, node) in [(NOTE, note), (HOURS, budget)] {
        all.push(Typed {
            name: name.to_owned(),
            node,
            ticks: false,
        });
    }
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let mut fields = vec![("verb", "steer".to_owned())];
        let inputs = all
            .iter()
            .filter_map(|one| Some((one, one.node.get_untracked()?)));
        let said = inputs.filter(|(one, input)| !one.ticks || input.checked());
        fields.extend(said.map(|(one, input)| (one.name.as_str(), input.value())));
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let Some(change) = read(sheet, &fields) else {
            return;
        };
        let note = note.get_untracked();
        sheet.send(change, t::IS_STEERED, move || {
            if let Some(note) = note {
                note.set_value("");
            }
        });
    };
    view! {
        <form class="steer-form" method="post" action=address(sheet) on:submit=submit>
            <input type="hidden" name="verb" value="steer" />
            <p class="hint">{t::STEER_TOLD}</p>
            {parameters}
            <div class="field">
                <label for=HOURS>{t::GPU_HOURS}</label>
                <input
                    class="input input-number"
                    id=HOURS
                    name=HOURS
                    inputmode="decimal"
                    autocomplete="off"
                    value=hours(begins.gpu_seconds)
                    node_ref=budget
                />
            </div>
            <div class="field steer-note">
                <label for=NOTE>{t::NOTE}</label>
                <input class="input" id=NOTE name=NOTE autocomplete="off" node_ref=note />
            </div>
            <button class="button button-main">{t::STEER_IT}</button>
        </form>
    }
    .into_any()
}

/// The inputs of a parameter, put to all of them.
fn parameter(name: &str, asked: &Dimension, now: &Dimension, all: &mut Vec<Typed>) -> AnyView {
    let mut input = |before: &str, ticks: bool| {
        let typed = Typed {
            name: format!("{before}{name}"),
            node: NodeRef::new(),
            ticks,
        };
        all.push(typed.clone());
        typed
    };
    let inputs = match (asked, now) {
        (Dimension::Choice(choices), now) => {
            let tick = |choice: &String| {
                let Typed { name, node, .. } = input(ONLY, true);
                let ticked = now.holds(choice);
                view! {
                    <label class="agent-tick">
                        <input type="checkbox" name=name value=choice.clone() checked=ticked node_ref=node />
                        {choice.clone()}
                    </label>
                }
                .into_any()
            };
            choices.iter().map(tick).collect::<Vec<AnyView>>()
        }
        (_, Dimension::Range(range)) => {
            let ends = [
                (FROM, range.from, t::from_of(name)),
                (TO, range.to, t::to_of(name)),
            ];
            let end = |(before, value, label): (&str, f64, String)| {
                let Typed { name, node, .. } = input(before, false);
                view! {
                    <input
                        class="input input-number"
                        name=name
                        inputmode="decimal"
                        autocomplete="off"
                        value=plain(value)
                        aria-label=label
                        node_ref=node
                    />
                }
                .into_any()
            };
            ends.into_iter().map(end).collect()
        }
        // A part of a range is a range.
        (Dimension::Range(_), Dimension::Choice(_)) => vec![],
    };
    let legend = t::within(name, &words::part(asked));
    view! {
        <fieldset class="steer-part">
            <legend>{legend}</legend>
            <div class="steer-inputs">{inputs}</div>
        </fieldset>
    }
    .into_any()
}

/// As it is read again: with all its digits.
fn plain(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}
