//! The knobs of the policy: what each means, how it stands, and a field to set it.

use std::collections::BTreeMap;

use berth_api::planner::{KnobView, PolicyAnswer, PolicyArg};
use leptos::html;
use leptos::prelude::*;

use crate::texts::admin as t;

/// What meanings begin with, and what such knobs are about.
static GROUPS: [(&str, &str); 4] = [
    ("", t::GROUP_ORDER),
    ("multifactor: ", t::GROUP_FACTORS),
    ("shortest: ", t::GROUP_SHORTEST),
    ("preemption: ", t::GROUP_PREEMPTION),
];

/// The fields, by knob. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Typed(Vec<(String, NodeRef<html::Input>)>);

impl Typed {
    pub fn of(knobs: &[KnobView]) -> Self {
        let fields = knobs.iter();
        Typed(
            fields
                .map(|knob| (knob.name.clone(), NodeRef::new()))
                .collect(),
        )
    }

    /// Those that are not empty.
    pub fn values(&self) -> BTreeMap<String, String> {
        let typed = self.0.iter().filter_map(|(knob, input)| {
            let value = input.get_untracked()?.value().trim().to_owned();
            (!value.is_empty()).then(|| (knob.clone(), value))
        });
        typed.collect()
    }
}

/// Which group a knob is in, and the rest of its meaning.
fn group_of(meaning: &str) -> (usize, &str) {
    let groups = GROUPS.iter().enumerate().skip(1);
    let mut found =
        groups.filter_map(|(at, (begins, _))| Some((at, meaning.strip_prefix(*begins)?)));
    found.next().unwrap_or((0, meaning))
}

/// A part to open for each group; open where something is set, and the first.
pub(super) fn groups(
    now: RwSignal<PolicyAnswer>,
    typed: &PolicyArg,
    inputs: &Typed,
) -> Vec<AnyView> {
    let knobs = now.with_untracked(|now| now.knobs.clone());
    let group = |(at, (_, title)): (usize, &'static (&'static str, &'static str))| {
        let all = knobs.iter().zip(&inputs.0).enumerate();
        let here = all.filter(|(_, (knob, _))| group_of(&knob.meaning).0 == at);
        let set = here
            .clone()
            .any(|(_, (knob, _))| typed.knobs.contains_key(&knob.name));
        let rows: Vec<AnyView> = here
            .map(|(place, (knob, (_, input)))| {
                let value = typed.knobs.get(&knob.name);
                row(now, place, knob, value.cloned(), *input)
            })
            .collect();
        (!rows.is_empty()).then(|| part(title, rows, set || at == 0))
    };
    GROUPS.iter().enumerate().filter_map(group).collect()
}

fn part(title: &'static str, rows: Vec<AnyView>, open: bool) -> AnyView {
    view! {
        <details class="knob-group" open=open>
            <summary>{title}</summary>
            <table class="knobs">
                <caption class="visually-hidden">{title}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t::KNOB}</th>
                        <th scope="col">{t::NOW}</th>
                        <th scope="col">{t::SET_TO}</th>
                        <th scope="col">{t::MEANING}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
    .into_any()
}

/// A knob, the one at this place of the answer.
fn row(
    now: RwSignal<PolicyAnswer>,
    place: usize,
    knob: &KnobView,
    typed: Option<String>,
    input: NodeRef<html::Input>,
) -> AnyView {
    let stands = Memo::new(move |_| {
        now.with(|now| {
            let knob = now.knobs.get(place);
            knob.map(|knob| (knob.value.clone(), knob.changed))
        })
    });
    let value = move || stands.with(|knob| knob.as_ref().map(|(value, _)| value.clone()));
    let changed = move || {
        let changed = stands.with(|knob| knob.as_ref().is_some_and(|(_, changed)| *changed));
        changed.then(|| {
            view! { <span class="tag" title=t::CHANGED_TOLD>{t::CHANGED}</span> }
        })
    };
    let meaning = group_of(&knob.meaning).1.to_owned();
    let field = PolicyArg::knob_field(&knob.name);
    let meaning_id = format!("{field}-means");
    view! {
        <tr data-knob=knob.name.clone()>
            <th scope="row"><code>{knob.name.clone()}</code></th>
            <td class="knob-now"><code>{value}</code> " " {changed}</td>
            <td>
                <input
                    class="input input-code"
                    name=field
                    value=typed
                    node_ref=input
                    autocomplete="off"
                    spellcheck="false"
                    aria-label=t::set_knob(&knob.name)
                    aria-describedby=meaning_id.clone()
                />
            </td>
            <td id=meaning_id>{meaning}</td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knob_is_in_the_group_that_its_meaning_names() {
        assert_eq!(
            group_of("preemption: work that a resume repeats"),
            (3, "work that a resume repeats")
        );
        assert_eq!(
            group_of("shortest: power; 0: not at all"),
            (2, "power; 0: not at all")
        );
        let order = "what comes first: submission, multifactor or shortest";
        assert_eq!(group_of(order), (0, order));
    }
}
