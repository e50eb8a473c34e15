//! Texts of the document as HTML.

use std::borrow::Cow;

pub use html_escape::{encode_double_quoted_attribute as attribute, encode_text as text};

/// Paragraphs, and blocks of code between lines of three backticks.
pub fn paragraphs(said: &str) -> String {
    let blocks = said.split("\n\n").filter(|block| !block.trim().is_empty());
    blocks
        .map(|block| {
            let block = block.trim();
            match block
                .strip_prefix("```")
                .and_then(|block| block.strip_suffix("```"))
            {
                Some(code) => format!("<pre class=\"docs-code\">{}</pre>", text(code.trim())),
                None => format!("<p>{}</p>", inline(block)),
            }
        })
        .collect()
}

/// A text in which words between backticks are code.
pub fn inline(said: &str) -> String {
    let mut written = String::new();
    let mut rest = said;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else {
            break;
        };
        written += &text(before);
        written += &format!("<code>{}</code>", text(code));
        rest = after;
    }
    written + &text(rest)
}

/// "Queue and planner": `queue-and-planner`.
pub fn anchor(title: &str) -> String {
    let letter = |ch: char| {
        if ch.is_ascii_alphanumeric() {
            ch.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let dashed: String = title.chars().map(letter).collect();
    let words: Vec<&str> = dashed.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// A link to a type.
pub fn link_to(name: &str) -> String {
    let (place, name): (Cow<'_, str>, Cow<'_, str>) = (attribute(name), text(name));
    format!("<a href=\"#type-{place}\">{name}</a>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_backticks_mean_something() {
        assert_eq!(inline("a `<b>` & c"), "a <code>&lt;b&gt;</code> &amp; c");
        assert_eq!(inline("one ` alone"), "one ` alone");
        assert_eq!(
            paragraphs("a\n\n```\nx=1\n```"),
            "<p>a</p><pre class=\"docs-code\">x=1</pre>"
        );
        assert_eq!(
            anchor("People, projects and quotas"),
            "people-projects-and-quotas"
        );
    }
}
