//! The list below the palette's field: what was found, moved over by keys and pointer.

use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};

use super::Palette;
use super::found::{Found, Group, Known, Leads, find};
use super::remote::{self, Answer};
use crate::actions::Doer;
use crate::components::help::Help;
use crate::components::state_badge::StateBadge;
use crate::icons::icon;
use crate::live::Live;
use crate::texts::{common, palette as t};
use crate::theme::Chosen;

#[component]
pub fn Finder() -> impl IntoView {
    let palette = Palette::here();
    let answer = remote::follow(palette.text);
    let known = known(palette);
    let groups = Memo::new(move |_| {
        let text = palette.text.get();
        answer.with(|answer| known.with_value(|known| find(&text, known, answer)))
    });
    let chosen = Memo::new(move |_| {
        let marked = palette.marked.get();
        groups.with(|groups| {
            let mut all = options(groups);
            let first = all.clone().next();
            let marked = all.find(|found| marked.as_ref() == Some(&found.id));
            marked.or(first).map(|found| found.id.clone())
        })
    });
    let list = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let id = chosen.get();
        if let Some(id) = &id {
            into_view(list, id);
        }
        palette.chosen.set(id);
    });
    let choose = Choose::here(palette);
    let press = move |key: String| press(&key, palette, groups, chosen, choose);
    palette.attach(Callback::new(press));
    if palette.hasty.get_value() {
        // The memo of what was typed by now.
        press("Enter".to_owned());
    }
    let options = move || {
        let shown = |group: Group| view! { <Shown group palette chosen choose /> };
        groups.get().into_iter().map(shown).collect_view()
    };
    let none = move || groups.with(Vec::is_empty).then(|| nothing(palette.text));
    view! {
        <div
            class="palette-found"
            role="listbox"
            id="palette-list"
            aria-label=t::FOUND
            node_ref=list
            hidden=move || groups.with(Vec::is_empty)
        >
            {options}
        </div>
        {none}
        <p class="palette-foot">
            <span role="status">{move || status(&palette.text.read(), &answer.read(), &groups.read())}</span>
            <span class="palette-keys" aria-hidden="true">
                <kbd>"↑"</kbd> <kbd>"↓"</kbd> {t::CHOOSE} <kbd>{common::KEY_ENTER}</kbd> {t::GO}
            </span>
        </p>
    }
    .into_any()
}

/// What the page knows when the palette is opened: it does not change under the hand.
fn known(palette: Palette) -> StoredValue<Known> {
    let live = Live::here();
    let path = use_location().pathname.get_untracked();
    let number = path.strip_prefix("/jobs/").and_then(|id| id.parse().ok());
    let here = number.and_then(|id| live.row(id));
    let who = live.who.get_untracked();
    StoredValue::new(Known {
        who,
        visits: palette.visits.paths(),
        here: here.map(|row| row.get_untracked()),
        rows: live.rows(),
        nodes: live.nodes.get_untracked(),
    })
}

fn options(groups: &[Group]) -> impl Iterator<Item = &Found> + Clone {
    groups.iter().flat_map(|group| &group.found)
}

/// Moves the mark, or chooses; whether the key means anything here.
fn press(
    key: &str,
    palette: Palette,
    groups: Memo<Vec<Group>>,
    chosen: Memo<Option<String>>,
    choose: Choose,
) -> bool {
    let chosen = chosen.get_untracked();
    groups.with_untracked(|groups| {
        let all: Vec<&Found> = options(groups).collect();
        let here = all
            .iter()
            .position(|found| chosen.as_ref() == Some(&found.id));
        let Some(here) = here else {
            // Nothing is listed: a line is not sent either.
            return key == "Enter";
        };
        let last = all.len() - 1;
        let to = match key {
            "ArrowDown" if here == last => 0,
            "ArrowDown" => here + 1,
            "ArrowUp" if here == 0 => last,
            "ArrowUp" => here - 1,
            "Home" => 0,
            "End" => last,
            "Enter" => {
                choose.run(all[here]);
                return true;
            }
            _ => return false,
        };
        palette.marked.set(Some(all[to].id.clone()));
        true
    })
}

/// The first option is shown with what is above it.
fn into_view(list: NodeRef<html::Div>, id: &str) {
    let Some(list) = list.get_untracked() else {
        return;
    };
    let first = list.query_selector("[role=option]").ok().flatten();
    if first.is_some_and(|first| first.id() == id) {
        list.set_scroll_top(0);
        return;
    }
    if let Some(option) = document().get_element_by_id(id) {
        let nearest = ScrollIntoViewOptions::new();
        nearest.set_block(ScrollLogicalPosition::Nearest);
        option.scroll_into_view_with_scroll_into_view_options(&nearest);
    }
}

/// Does what an option leads to. Cheap to copy.
#[derive(Clone, Copy)]
struct Choose {
    palette: Palette,
    go: Callback<String>,
    doer: Doer,
    theme: Chosen,
    help: Help,
}

impl Choose {
    fn here(palette: Palette) -> Self {
        let navigate = use_navigate();
        Choose {
            palette,
            go: Callback::new(move |path: String| navigate(&path, NavigateOptions::default())),
            doer: Doer::here(),
            theme: Chosen::here(),
            help: Help::here(),
        }
    }

    /// Closed first: whatever opens next gives the focus back to where it was.
    fn run(self, found: &Found) {
        self.palette.close();
        match &found.leads {
            Leads::To(path) => self.go.run(path.clone()),
            Leads::Do(act, row) => self.doer.act(*act, row),
            Leads::Theme(theme) => self.theme.choose(*theme),
            Leads::Help => self.help.show(),
        }
    }
}

#[component]
fn Shown(
    group: Group,
    palette: Palette,
    chosen: Memo<Option<String>>,
    choose: Choose,
) -> impl IntoView {
    let title = format!("palette-group-{}", group.title.replace(' ', "-"));
    let label = title.clone();
    let option = move |found: Found| {
        let id = found.id.clone();
        let is_chosen = move || chosen.with(|chosen| chosen.as_ref() == Some(&id));
        let job = found.job.clone().map(|row| {
            let row = Live::here().pin(*row);
            view! { <StateBadge row /> }
        });
        let (id, mark) = (found.id.clone(), found.id.clone());
        let shown = found.clone();
        view! {
            <div
                role="option"
                class="palette-option"
                id=id
                aria-selected=move || if is_chosen() { "true" } else { "false" }
                // Not where the list scrolls below a resting pointer.
                on:pointermove=move |_| palette.marked.set(Some(mark.clone()))
                // The field keeps the focus.
                on:pointerdown=|event| event.prevent_default()
                on:click=move |_| choose.run(&found)
            >
                {icon(shown.icon)}
                <span class="palette-label clip">{shown.label}</span>
                <span class="palette-detail quiet clip">{shown.detail}</span>
                {job}
                {(!shown.keys.is_empty()).then(|| view! { <kbd aria-hidden="true">{shown.keys}</kbd> })}
            </div>
        }
    };
    view! {
        <div role="group" aria-labelledby=label>
            <p class="palette-title" id=title role="presentation">{group.title}</p>
            {group.found.into_iter().map(option).collect_view()}
        </div>
    }
    .into_any()
}

fn nothing(text: RwSignal<String>) -> AnyView {
    view! {
        <p class="palette-none">
            {t::NOTHING_FITS} {move || text.get().trim().to_owned()} {t::NOTHING_FITS_END}
            <span class="quiet">
                {t::FOUND_ARE}
            </span>
        </p>
    }
    .into_any()
}

/// How far the search got, in words.
fn status(text: &str, answer: &Answer, groups: &[Group]) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    if answer.to != text {
        return t::LOOKING.to_owned();
    }
    if answer.failed {
        return t::ONLY_KNOWN.to_owned();
    }
    let count = options(groups).count();
    t::found(count as u64)
}
