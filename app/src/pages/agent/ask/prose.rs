//! What a model wrote, drawn: as text alone, whatever it holds.

use leptos::prelude::*;

use super::plain::{Block, Cell, Span, blocks};
use crate::texts::agent::ask as t;

pub fn prose(text: &str) -> AnyView {
    let all: Vec<AnyView> = blocks(text).into_iter().map(block).collect();
    all.into_any()
}

fn block(block: Block) -> AnyView {
    match block {
        Block::Paragraph(words) => view! { <p>{inline(words)}</p> }.into_any(),
        Block::Heading(words) => view! { <p><strong>{inline(words)}</strong></p> }.into_any(),
        Block::Bullets(items) => view! { <ul>{listed(items)}</ul> }.into_any(),
        Block::Numbered(first, items) => {
            view! { <ol start=first.to_string()>{listed(items)}</ol> }.into_any()
        }
        Block::Table(rows) => table(rows),
        Block::Lines(lines) => view! { <pre>{lines}</pre> }.into_any(),
    }
}

fn listed(items: Vec<Vec<Span>>) -> Vec<AnyView> {
    let items = items.into_iter();
    items
        .map(|words| view! { <li>{inline(words)}</li> }.into_any())
        .collect()
}

fn table(rows: Vec<Vec<Cell>>) -> AnyView {
    let mut rows = rows.into_iter();
    let head = rows.next().unwrap_or_default().into_iter();
    let head = head.map(|cell| view! { <th scope="col">{inline(cell)}</th> }.into_any());
    let row = |cells: Vec<Cell>| {
        let cells = cells.into_iter();
        let cells = cells.map(|cell| view! { <td>{inline(cell)}</td> }.into_any());
        view! { <tr>{cells.collect::<Vec<_>>()}</tr> }.into_any()
    };
    view! {
        <div class="table-scroll" tabindex="0" role="group" aria-label=t::TABLE>
            <table class="table num">
                <thead>
                    <tr>{head.collect::<Vec<_>>()}</tr>
                </thead>
                <tbody>{rows.map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn inline(words: Vec<Span>) -> Vec<AnyView> {
    words.into_iter().map(span).collect()
}

fn span(span: Span) -> AnyView {
    match span {
        Span::Text(text) => text.into_any(),
        Span::Code(code) => view! { <code>{code}</code> }.into_any(),
        Span::Strong(words) => view! { <strong>{inline(words)}</strong> }.into_any(),
        Span::Job { id, words } => view! { <a href=format!("/jobs/{id}")>{words}</a> }.into_any(),
    }
}
