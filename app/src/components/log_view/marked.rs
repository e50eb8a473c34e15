//! The lines that the address names: `?line=120` or `?line=120-140`.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};

use crate::address::with_query;

/// The first and the last line, counted from 1.
pub fn parse(text: &str) -> Option<(u64, u64)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    let (from, to): (u64, u64) = if from <= to { (from, to) } else { (to, from) };
    (from > 0).then_some((from, to))
}

/// As the address has it.
fn words((from, to): (i64, i64)) -> String {
    if from == to {
        from.to_string()
    } else {
        format!("{from}-{to}")
    }
}

/// The lines that are marked, and how to mark others.
#[derive(Clone, Copy)]
pub struct Marked {
    pub lines: Memo<Option<(i64, i64)>>,
    mark: Callback<(i64, i64)>,
}

impl Marked {
    pub fn new() -> Self {
        let query = use_query_map();
        let path = use_location().pathname;
        let lines = Memo::new(move |_| {
            let text = query.with(|query| query.get("line"))?;
            let (from, to) = parse(&text)?;
            Some((i64::try_from(from).ok()?, i64::try_from(to).ok()?))
        });
        let navigate = use_navigate();
        let mark = Callback::new(move |range: (i64, i64)| {
            let mut query = query.get_untracked();
            query.replace("line", words(range));
            let options = NavigateOptions {
                replace: true,
                scroll: false,
                ..NavigateOptions::default()
            };
            let to = with_query(&path.get_untracked(), &query);
            navigate(&to, options);
        });
        Marked { lines, mark }
    }

    /// Marks a line, or from what is marked up to it.
    pub fn mark(self, number: i64, extend: bool) {
        let before = self.lines.get_untracked().filter(|_| extend);
        let range = before.map_or((number, number), |(from, to)| {
            (from.min(number), to.max(number))
        });
        self.mark.run(range);
    }

    pub fn mark_range(self, range: (i64, i64)) {
        self.mark.run(range);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_lines() {
        assert_eq!(parse("120"), Some((120, 120)));
        assert_eq!(parse("120-140"), Some((120, 140)));
        assert_eq!(parse("140 - 120"), Some((120, 140)));
        for bad in ["", "0", "-", "a", "1-", "-1", "1-2-3"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(words((3, 3)), "3");
        assert_eq!(words((3, 9)), "3-9");
    }
}
