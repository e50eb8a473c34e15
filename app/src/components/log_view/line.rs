//! One line of a log on the page: its number, its time, and its text in its colours.

use berth_api::ansi::{Colour, Run, Style};
use leptos::prelude::*;

use super::search::Search;
use super::window::Line;

/// What lines look at to know how they are shown. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Shown {
    pub search: Search,
    /// The number of the line at place 0.
    pub base: Memo<Option<i64>>,
    /// The lines that the address names.
    pub marked: Memo<Option<(i64, i64)>>,
}

pub fn line_view(line: Line, shown: Shown) -> AnyView {
    if line.note {
        return view! { <p class="log-note">{line.text()}</p> }.into_any();
    }
    let (offset, place) = (line.offset, line.place);
    let number = move || Some(shown.base.get()? + place?);
    let marked = move || {
        let range = shown.marked.get();
        range.is_some_and(|(from, to)| number().is_some_and(|n| (from..=to).contains(&n)))
    };
    let runs = texts(&line).into_iter().map(run_view).collect_view();
    view! {
        <div
            class="log-line"
            class:log-hit=move || shown.search.is_hit(offset)
            class:log-here=move || shown.search.here() == Some(offset)
            class:log-marked=marked
            id=format!("line-{offset}")
        >
            <span class="log-number" data-number=offset.to_string() aria-hidden="true">
                {move || number().map_or_else(|| "·".to_owned(), |n| n.to_string())}
            </span>
            {runs}
            "\n"
        </div>
    }
    .into_any()
}

/// The runs, the time before them by itself.
fn texts(line: &Line) -> Vec<(Run, bool)> {
    let mut texts: Vec<(Run, bool)> = line.runs.iter().cloned().map(|run| (run, false)).collect();
    if line.stamp > 0
        && let Some((first, _)) = texts.first_mut()
    {
        let rest = first.text.split_off(line.stamp);
        let style = first.style;
        texts[0].1 = true;
        texts.insert(1, (Run { style, text: rest }, false));
    }
    texts
}

fn run_view((run, is_time): (Run, bool)) -> AnyView {
    if !is_time && run.style == Style::default() {
        return run.text.into_any();
    }
    let mut class = classes(run.style);
    if is_time {
        class.push_str(" log-time");
    }
    let colours = colours(run.style);
    view! { <span class=class style=colours>{run.text}</span> }.into_any()
}

fn classes(style: Style) -> String {
    let switches = [
        (style.bold, "ansi-bold"),
        (style.faint, "ansi-faint"),
        (style.italic, "ansi-italic"),
        (style.underline, "ansi-underline"),
        (style.struck, "ansi-struck"),
        (style.inverse, "ansi-inverse"),
        (style.text.is_some(), "ansi-text"),
        (style.behind.is_some(), "ansi-behind"),
    ];
    let on = switches.into_iter().filter(|(on, _)| *on);
    on.map(|(_, class)| class).collect::<Vec<_>>().join(" ")
}

/// As custom properties: the style sheet makes them readable on its ground.
fn colours(style: Style) -> Option<String> {
    let text = style.text.map(|colour| format!("--text:{}", css(colour)));
    let behind = style
        .behind
        .map(|colour| format!("--behind:{}", css(colour)));
    let all: Vec<String> = text.into_iter().chain(behind).collect();
    (!all.is_empty()).then(|| all.join(";"))
}

fn css(colour: Colour) -> String {
    match colour {
        Colour::Named(number) => format!("var(--ansi-{number})"),
        Colour::Rgb(r, g, b) => format!("rgb({r} {g} {b})"),
    }
}
