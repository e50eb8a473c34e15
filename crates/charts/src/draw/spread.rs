//! Times of each row as marks on one axis, on which a day is not so much wider than an hour that
//! minutes cannot be seen.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::{Place, Places};
use crate::figure::{Figure, Row};
use crate::pen::{self, Area, Drawn, clipped, to_i32, whole, width_of};
use crate::scale::Times;
use crate::theme::{Colour, GRID, INK, MUTED};
use crate::words;

const LINE: i32 = 30;
const FOOT: i32 = 28;
/// Of the width at most this part is for names.
const NAMES: f64 = 0.38;

pub(crate) fn height(figure: &Figure) -> u32 {
    let rows = u32::try_from(figure.rows.len())
        .unwrap_or(u32::MAX)
        .min(200);
    rows * LINE.unsigned_abs() + FOOT.unsigned_abs() + 4
}

pub(crate) fn draw(area: &Area<'_>, figure: &Figure) -> Result<Places, Box<dyn std::error::Error>> {
    let (width, height) = area.dim_in_pixel();
    let (width, bottom) = (to_i32(width), to_i32(height) - FOOT);
    let known = |row: &Row| -> Vec<f64> {
        figure
            .drawn()
            .filter_map(|(place, ..)| row.value(place))
            .collect()
    };
    let all = figure.rows.iter().flat_map(known);
    let scale = Times::up_to(all.fold(0.0, f64::max));
    let widest = figure.rows.iter().map(|row| width_of(&row.short)).max();
    let names = widest.unwrap_or(0).min(whole(f64::from(width) * NAMES));
    let (left, right) = (10 + names + 16, width - 24);
    let x = |minutes: f64| left + whole(f64::from(right - left) * scale.place(minutes));
    let mut free = i32::MIN;
    for tick in scale.ticks() {
        let at = x(tick);
        pen::rule(
            area,
            (at, 0),
            (at, bottom),
            if tick > 0.0 { GRID } else { MUTED },
        )?;
        let said = words::tick(tick);
        let half = width_of(&said) / 2;
        if at - half > free {
            pen::write(area, &said, (at, bottom + 8), 15, MUTED, HPos::Center)?;
            free = at + half + 4;
        }
    }
    let mut places = Vec::new();
    for (row, place) in figure.rows.iter().zip(0i32..) {
        let y = place * LINE + LINE / 2;
        let name = clipped(&row.short, names);
        pen::write(area, &name, (left - 16, y - 7), 15, INK, HPos::Right)?;
        let times = known(row);
        let (least, most) = times
            .iter()
            .fold((f64::INFINITY, 0.0f64), |(least, most), one| {
                (least.min(*one), most.max(*one))
            });
        if least.is_finite() {
            pen::rule(area, (x(least), y), (x(most), y), MUTED)?;
        }
        for (order, (column, _, tone)) in figure.drawn().enumerate() {
            if let Some(value) = row.value(column) {
                mark(area, (x(value), y), tone.colour(), order)?;
            }
        }
        places.push(Place {
            x: 0,
            y: y - LINE / 2,
            width,
            height: LINE,
        });
    }
    Ok(places)
}

/// A dot, a square, a bar: told apart without colour.
pub(crate) fn mark(area: &Area<'_>, (x, y): (i32, i32), colour: Colour, order: usize) -> Drawn {
    match order % 3 {
        0 => area.draw(&Circle::new((x, y), 5, colour.rgb().filled()))?,
        1 => pen::block(area, (x - 4, y - 4), (x + 4, y + 4), colour)?,
        _ => pen::block(area, (x - 2, y - 8), (x + 1, y + 8), colour)?,
    }
    Ok(())
}
