//! Attempts that are too many and too short for a bar each, as one that counts them.

use berth_api::timeline::ManyView;
use leptos::prelude::*;

use super::range::Range;
use crate::format;
use crate::texts::timeline as t;

/// Narrower ones, in percent, have no room for the number.
const NUMBER_FITS: f64 = 2.5;

pub fn many(one: &ManyView, range: Range) -> AnyView {
    let Some(cut) = range.clip(one.from.as_second(), one.to.as_second()) else {
        return ().into_any();
    };
    let style = format!(
        "left:{:.3}%;width:{:.3}%;--row:{};--span:1",
        cut.left, cut.width, one.gpu
    );
    let count = u64::from(one.attempts);
    let title = t::many(count);
    let number = (cut.width >= NUMBER_FITS).then(|| format::thousands(count));
    view! { <div class="tl-many num" style=style title=title>{number}</div> }.into_any()
}
