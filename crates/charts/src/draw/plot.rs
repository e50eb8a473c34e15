//! The ground of upright charts: an axis of amounts on the left, the rows from left to right.

use plotters::style::text_anchor::HPos;

use super::{Place, Places};
use crate::figure::{Figure, Unit};
use crate::pen::{self, Area, Drawn, to_i32, whole, width_of};
use crate::scale::Linear;
use crate::theme::{GRID, MUTED};
use crate::words;

const FOOT: i32 = 28;
const HEAD: i32 = 8;

/// Where values and rows are.
pub(crate) struct Plot {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    scale: Linear,
    rows: usize,
}

impl Plot {
    /// For values up to `most`.
    pub(crate) fn of(area: &Area<'_>, figure: &Figure, most: f64) -> Self {
        let (width, height) = area.dim_in_pixel();
        let unit = figure.drawn().next().map(|(_, column, _)| &column.unit);
        let scale = match unit {
            Some(Unit::Percent) => Linear::percent(),
            _ => Linear::up_to(most),
        };
        let widest = scale.ticks().map(|tick| width_of(&say(unit, tick))).max();
        Plot {
            left: widest.unwrap_or(0) + 14,
            right: to_i32(width) - 10,
            top: HEAD,
            bottom: to_i32(height) - FOOT,
            scale,
            rows: figure.rows.len().max(1),
        }
    }

    pub(crate) fn y(&self, value: f64) -> i32 {
        let height = f64::from(self.bottom - self.top);
        self.bottom - whole(height * self.scale.place(value))
    }

    /// How wide a row is.
    pub(crate) fn band(&self) -> f64 {
        let rows = f64::from(u32::try_from(self.rows).unwrap_or(u32::MAX));
        f64::from(self.right - self.left) / rows
    }

    /// The middle of a row.
    pub(crate) fn x(&self, row: usize) -> f64 {
        let row = f64::from(u32::try_from(row).unwrap_or(u32::MAX));
        f64::from(self.left) + self.band() * (row + 0.5)
    }

    /// Lines across, and what the axes say.
    pub(crate) fn ground(&self, area: &Area<'_>, figure: &Figure) -> Drawn {
        let unit = figure.drawn().next().map(|(_, column, _)| &column.unit);
        for tick in self.scale.ticks() {
            let y = self.y(tick);
            let colour = if tick > 0.0 { GRID } else { MUTED };
            pen::rule(area, (self.left, y), (self.right, y), colour)?;
            let at = (self.left - 8, y - 7);
            pen::write(area, &say(unit, tick), at, 15, MUTED, HPos::Right)?;
        }
        // Each label once, where there is room for it.
        let mut said = "";
        let mut free = i32::MIN;
        for (place, row) in figure.rows.iter().enumerate() {
            if row.short == said {
                continue;
            }
            said = &row.short;
            let half = width_of(said) / 2;
            let x = whole(self.x(place)).min(self.right + 8 - half).max(half);
            if x - half >= free {
                let at = (x, self.bottom + 8);
                pen::write(area, said, at, 15, MUTED, HPos::Center)?;
                free = x + half + 14;
            }
        }
        Ok(())
    }

    pub(crate) fn places(&self) -> Places {
        let place = |row: usize| Place {
            x: whole(self.x(row) - self.band() / 2.0),
            y: self.top,
            width: whole(self.band()).max(1),
            height: self.bottom - self.top,
        };
        (0..self.rows).map(place).collect()
    }
}

fn say(unit: Option<&Unit>, tick: f64) -> String {
    let amount = words::amount(tick);
    match unit {
        Some(Unit::Percent) => format!("{amount}%"),
        Some(Unit::Money(currency)) => format!("{currency}{amount}"),
        _ => amount,
    }
}
