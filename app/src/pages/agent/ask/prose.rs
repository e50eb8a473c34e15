//! What a model wrote, drawn: as text alone, whatever it holds.

use leptos::prelude::*;

use super::plain::{Block, Span, blocks};

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
        Block::Lines(lines) => view! { <pre>{lines}</pre> }.into_any(),
    }
}

fn listed(items: Vec<Vec<Span>>) -> Vec<AnyView> {
    let items = items.into_iter();
    items
        .map(|words| view! { <li>{inline(words)}</li> }.into_any())
        .collect()
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
