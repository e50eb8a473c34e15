//! A figure: its picture, what it says under the pointer, its numbers as a table, and its files.

use berth_charts::{Figure, Skin, svg};
use leptos::ev::PointerEvent;
use leptos::prelude::*;

use super::figures::note;
use super::filter::Filter;
use crate::icons::{Icon, icon};
use crate::texts::history as t;

/// As wide as a picture is beside another, and on a phone, in pixels; the page's style shows one.
const WIDE: u32 = 640;
const NARROW: u32 = 340;

#[component]
pub fn Chart(
    figure: Figure,
    /// Of the page, for the files.
    filter: Filter,
) -> impl IntoView {
    let id = figure.id;
    let title = figure.title.clone();
    let file = |ending: &str| filter.address(&format!("/api/analytics/{id}.{ending}"));
    let (csv, picture) = (file("csv"), file("svg"));
    let link = |href: String, what: &'static str| {
        let label = t::as_file(&title, what);
        view! {
            <a class="button button-quiet button-small" href=href download rel="external" aria-label=label>
                {icon(Icon::Download)} {what}
            </a>
        }
    };
    let heading = format!("{id}-title");
    let links = view! { {link(csv, "CSV")} {link(picture, "SVG")} };
    let note = note(id);
    let drawn = [(WIDE, "plot plot-wide"), (NARROW, "plot plot-narrow")]
        .map(|(width, class)| svg(&figure, width, Skin::Page).map(|svg| (svg, class)));
    let table = table(&figure);
    let shown = match drawn {
        [Ok(wide), Ok(narrow)] => plots([wide, narrow], figure),
        _ => view! { <p class="quiet">{t::NOTHING_KNOWN}</p> }.into_any(),
    };
    view! {
        <section class="panel chart" aria-labelledby=heading data-figure=id>
            <div class="chart-head">
                <h2 id=heading.clone()>{title.clone()}</h2>
                <span class="actions">{links}</span>
            </div>
            {shown}
            {(!note.is_empty()).then(|| view! { <p class="hint">{note}</p> })}
            {table}
        </section>
    }
    .into_any()
}

/// The picture in two widths, and a line that says what is under the pointer.
fn plots(drawn: [(String, &'static str); 2], figure: Figure) -> AnyView {
    let pointed = RwSignal::new(None::<usize>);
    let at = move |event: PointerEvent| {
        let row = event_target::<web_sys::Element>(&event).get_attribute("data-row");
        pointed.set(row.and_then(|row| row.parse().ok()));
    };
    let said = move || {
        let row = pointed.get();
        row.and_then(|row| figure.read_out(row)).unwrap_or_default()
    };
    let plot = |(svg, class): (String, &'static str)| {
        view! {
            <div
                class=class
                on:pointermove=at
                on:pointerdown=at
                on:pointerleave=move |_| pointed.set(None)
                inner_html=svg
            ></div>
        }
    };
    view! {
        {drawn.map(plot).collect_view()}
        // For eyes: who does not see the picture has the table.
        <p class="chart-said num needs-script" aria-hidden="true">{said}</p>
    }
    .into_any()
}

fn table(figure: &Figure) -> AnyView {
    let head = figure.columns.iter().map(|column| {
        view! { <th scope="col" class="num">{column.name.clone()}</th> }
    });
    let row = |row: &berth_charts::Row| {
        let values = figure.columns.iter().zip(&row.values);
        let cells = values.map(|(column, value)| {
            view! { <td class="num">{column.unit.say(*value)}</td> }
        });
        view! {
            <tr>
                <th scope="row">{row.label.clone()}</th>
                {cells.collect_view()}
            </tr>
        }
    };
    let label = t::as_table(&figure.title);
    view! {
        <details class="chart-numbers">
            <summary>{t::NUMBERS}</summary>
            <div class="numbers-wrap" tabindex="0" role="region" aria-label=label>
                <table class="numbers">
                    <thead>
                        <tr>
                            <th scope="col">{figure.head.clone()}</th>
                            {head.collect_view()}
                        </tr>
                    </thead>
                    <tbody>{figure.rows.iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}
