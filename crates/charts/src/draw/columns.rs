//! Columns for each row, beside or on top of each other.

use super::Places;
use super::plot::Plot;
use crate::figure::{Figure, Row};
use crate::pen::{self, Area, whole};

/// Of a row's width, how much its columns take.
const FULL: f64 = 0.76;
/// One alone is not wider, in pixels.
const WIDEST: f64 = 44.0;

pub(crate) fn draw(
    area: &Area<'_>,
    figure: &Figure,
    stacked: bool,
) -> Result<Places, Box<dyn std::error::Error>> {
    let of = |row: &Row| {
        let values = figure.drawn().filter_map(|(place, ..)| row.value(place));
        if stacked {
            values.sum()
        } else {
            values.fold(0.0, f64::max)
        }
    };
    let plot = Plot::of(area, figure, figure.rows.iter().map(of).fold(0.0, f64::max));
    plot.ground(area, figure)?;
    let beside = if stacked {
        1
    } else {
        figure.drawn().count().max(1)
    };
    let beside = f64::from(u32::try_from(beside).unwrap_or(1));
    let wide = (plot.band() * FULL / beside).min(WIDEST);
    for (place, row) in figure.rows.iter().enumerate() {
        let mut x = plot.x(place) - wide * beside / 2.0;
        let mut below = 0.0;
        for (column, _, tone) in figure.drawn() {
            if let Some(value) = row.value(column).filter(|value| *value > 0.0) {
                let from = (whole(x), plot.y(below + value));
                let to = (whole(x + wide).max(whole(x) + 1), plot.y(below));
                // A pixel of paper between neighbours.
                let gap = i32::from(wide > 4.0);
                let to = if stacked { to } else { (to.0 - gap, to.1) };
                let to = if below > 0.0 && to.1 - from.1 > 2 {
                    (to.0, to.1 - 1)
                } else {
                    to
                };
                pen::block(area, from, to, tone.colour())?;
                if stacked {
                    below += value;
                }
            }
            if !stacked {
                x += wide;
            }
        }
    }
    Ok(plot.places())
}
