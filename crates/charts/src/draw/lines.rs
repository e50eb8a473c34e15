//! A line for each column.

use plotters::prelude::*;

use super::Places;
use super::plot::Plot;
use crate::figure::Figure;
use crate::pen::{self, Area, whole};

pub(crate) fn draw(area: &Area<'_>, figure: &Figure) -> Result<Places, Box<dyn std::error::Error>> {
    let values = figure
        .rows
        .iter()
        .flat_map(|row| figure.drawn().filter_map(|(place, ..)| row.value(place)));
    let plot = Plot::of(area, figure, values.fold(0.0, f64::max));
    plot.ground(area, figure)?;
    for (order, (column, _, tone)) in figure.drawn().enumerate() {
        let mut points: Vec<(i32, i32)> = Vec::new();
        for (place, row) in figure.rows.iter().enumerate() {
            match row.value(column) {
                Some(value) => points.push((whole(plot.x(place)), plot.y(value))),
                None => piece(area, &std::mem::take(&mut points), tone, order)?,
            }
        }
        piece(area, &points, tone, order)?;
    }
    Ok(plot.places())
}

/// What is known without a gap; one alone is a dot.
fn piece(
    area: &Area<'_>,
    points: &[(i32, i32)],
    tone: crate::theme::Tone,
    order: usize,
) -> pen::Drawn {
    match points {
        [] => Ok(()),
        [alone] => {
            area.draw(&Circle::new(*alone, 3, tone.colour().rgb().filled()))?;
            Ok(())
        }
        several => pen::line(area, several, tone.colour(), order),
    }
}
