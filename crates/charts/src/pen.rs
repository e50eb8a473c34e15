//! What every chart is drawn with.

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::theme::Colour;

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(crate) type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Dash and gap of the lines beside each other, in pixels; the first is not broken.
const DASHES: [Option<(u32, u32)>; 6] = [
    None,
    Some((9, 4)),
    Some((2, 3)),
    Some((14, 3)),
    Some((5, 5)),
    Some((2, 8)),
];

/// Of the line at a place among others.
pub(crate) fn dash(place: usize) -> Option<(u32, u32)> {
    DASHES[place % DASHES.len()]
}

/// A text from its top on; `size` is five quarters of what CSS calls it.
pub(crate) fn write(
    area: &Area<'_>,
    text: &str,
    at: (i32, i32),
    size: u32,
    colour: Colour,
    side: HPos,
) -> Drawn {
    let style = ("sans-serif", size).into_font().color(&colour.rgb());
    let style = style.pos(Pos::new(side, VPos::Top));
    area.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

/// A line through points, broken as its place among others says.
pub(crate) fn line(area: &Area<'_>, points: &[(i32, i32)], colour: Colour, place: usize) -> Drawn {
    let style = colour.rgb().stroke_width(2);
    match dash(place) {
        None => area.draw(&PathElement::new(points.to_vec(), style))?,
        Some((dash, gap)) => {
            let points = points.to_vec();
            area.draw(&DashedPathElement::new(points, dash, gap, style))?;
        }
    }
    Ok(())
}

/// A thin straight line.
pub(crate) fn rule(area: &Area<'_>, from: (i32, i32), to: (i32, i32), colour: Colour) -> Drawn {
    area.draw(&PathElement::new(
        vec![from, to],
        colour.rgb().stroke_width(1),
    ))?;
    Ok(())
}

/// A filled box between two corners; at least a pixel each way.
pub(crate) fn block(area: &Area<'_>, from: (i32, i32), to: (i32, i32), colour: Colour) -> Drawn {
    let to = (to.0.max(from.0 + 1), to.1.max(from.1 + 1));
    area.draw(&Rectangle::new([from, to], colour.rgb().filled()))?;
    Ok(())
}

pub(crate) fn to_i32(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "within the picture")]
pub(crate) fn whole(pixels: f64) -> i32 {
    pixels.round() as i32
}

/// How wide a text is about, in pixels, in the size of labels.
pub(crate) fn width_of(text: &str) -> i32 {
    7 * i32::try_from(text.chars().count()).unwrap_or(1000)
}

/// As much of a text as fits into so many pixels.
pub(crate) fn clipped(text: &str, pixels: i32) -> String {
    let most = usize::try_from(pixels / 7).unwrap_or(0).max(2);
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{kept}…")
}
