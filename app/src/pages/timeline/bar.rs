//! A bar: an attempt on neighbouring GPUs of a node. What became of it is told by its icon and pattern
//! as well as by its colour.

use leptos::prelude::*;

use super::bars::{Held, How};
use super::range::Range;
use crate::components::owner::OwnerMark;
use crate::components::state_badge::outcome;
use crate::icons::{Icon, icon};
use crate::texts::{timeline as t, units};

/// Narrower ones, in percent, have no room for an icon, and those for a name.
const ICON_FITS: f64 = 1.8;
const NAME_FITS: f64 = 4.0;

/// It covers `rows` rows from `row` on of the rows that begin with the number `first`.
pub fn bar(held: &Held, (row, rows): (u32, u32), first: i64, range: Range) -> AnyView {
    let Some(cut) = range.clip(held.from, held.to) else {
        return ().into_any();
    };
    let (which, word, tone) = match &held.how {
        How::Ended { outcome: token, .. } => outcome(token),
        How::Runs { .. } => (Icon::Running, t::IS_RUNNING, "run"),
    };
    let mut class = format!("tl-bar tl-is-{tone}");
    for (is, name) in [
        (held.runs(), " tl-runs"),
        (!cut.begins, " tl-cut-left"),
        (!cut.ends, " tl-cut-right"),
    ] {
        if is {
            class.push_str(name);
        }
    }
    let style = format!(
        "left:{:.3}%;width:{:.3}%;--row:{row};--span:{rows}",
        cut.left, cut.width
    );
    let label = t::bar(
        held.job,
        &held.name,
        &held.user,
        &units::gpus(held.gpus),
        &word.to_lowercase(),
    );
    let done = held.runs().then(|| {
        let style = format!("--left:{:.3}", cut.left);
        view! { <span class="tl-done" style=style></span> }
    });
    let expected = match held.how {
        How::Runs {
            expected: Some(at), ..
        } if at < held.to && at > held.from => range.clip(at, at).map(|mark| {
            let left = 100.0 * (mark.left - cut.left) / cut.width.max(f64::EPSILON);
            let style = format!("left:{left:.2}%");
            view! { <i class="tl-expected" style=style></i> }
        }),
        _ => None,
    };
    let mark = (cut.width >= ICON_FITS).then(|| icon(which));
    let name = (cut.width >= NAME_FITS).then(|| {
        view! {
            <OwnerMark name=held.user.0.clone() />
            <span class="tl-text">{held.name.clone()}</span>
        }
    });
    view! {
        <a
            class=class
            style=style
            href=format!("/jobs/{}", held.job)
            tabindex="-1"
            draggable="false"
            data-bar=format!("h{}", held.key())
            data-row=(first + i64::from(row)).to_string()
            data-rows=rows.to_string()
            data-from=held.from.to_string()
            data-to=held.to.to_string()
            aria-label=label
            aria-describedby="tl-card"
        >
            {done}
            <span class="tl-in">{mark} {name}</span>
            {expected}
        </a>
    }
    .into_any()
}
