//! Lying columns: a row each, its parts one after the other, and their sum at the end.

use plotters::style::text_anchor::HPos;

use super::{Place, Places};
use crate::figure::{Figure, Row};
use crate::pen::{self, Area, clipped, to_i32, whole, width_of};
use crate::theme::{INK, MUTED};

const LINE: i32 = 26;
const BAR: i32 = 15;
/// Of the width at most this part is for names.
const NAMES: f64 = 0.3;

pub(crate) fn height(figure: &Figure) -> u32 {
    u32::try_from(figure.rows.len())
        .unwrap_or(u32::MAX)
        .min(200)
        * LINE.unsigned_abs()
        + 8
}

pub(crate) fn draw(area: &Area<'_>, figure: &Figure) -> Result<Places, Box<dyn std::error::Error>> {
    let width = to_i32(area.dim_in_pixel().0);
    let sum = |row: &Row| -> f64 {
        let values = figure.drawn().filter_map(|(place, ..)| row.value(place));
        values.sum()
    };
    let unit = figure.drawn().next().map(|(_, column, _)| &column.unit);
    let said = |row: &Row| unit.map_or_else(String::new, |unit| unit.say(Some(sum(row))));
    let widest = |of: &dyn Fn(&Row) -> i32| figure.rows.iter().map(of).max().unwrap_or(0);
    let names = widest(&|row| width_of(&row.short)).min(whole(f64::from(width) * NAMES));
    let left = 10 + names + 8;
    let right = width - widest(&|row| width_of(&said(row))) - 14;
    let most = figure.rows.iter().map(sum).fold(0.0, f64::max).max(1e-9);
    let full = f64::from((right - left).max(10));
    let mut places = Vec::new();
    for (row, place) in figure.rows.iter().zip(0i32..) {
        let y = place * LINE + 4;
        let name = clipped(&row.short, names);
        pen::write(area, &name, (left - 8, y + 1), 15, INK, HPos::Right)?;
        let mut before = 0.0;
        let mut x = left;
        for (column, _, tone) in figure.drawn() {
            if let Some(value) = row.value(column).filter(|value| *value > 0.0) {
                before += value;
                let to = left + whole(full * before / most);
                if to > x {
                    pen::block(area, (x, y), (to, y + BAR), tone.colour())?;
                    x = to + 1;
                }
            }
        }
        pen::write(
            area,
            &said(row),
            (x.max(left) + 7, y + 1),
            15,
            MUTED,
            HPos::Left,
        )?;
        places.push(Place {
            x: 0,
            y: y - 4,
            width,
            height: LINE,
        });
    }
    Ok(places)
}
