//! Draws a figure: the legend, then what its form asks for. Beside the picture it says where each row
//! is in it, so that a page can read it out under the pointer.

mod bars;
mod columns;
mod lines;
mod plot;
mod spread;

use std::fmt::Write as _;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::ChartError;
use crate::figure::{Figure, Form};
use crate::pen::{self, Area, Drawn, to_i32, width_of};
use crate::theme::{self, INK, PAPER, escaped};

/// What a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skin {
    /// A file of its own, with title and background, for light and dark readers.
    Document,
    /// A part of a page: in its colours, without title; rows are marked `data-row="3"`.
    Page,
}

/// A box, in pixels from the left top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

/// Where each row is.
pub(crate) type Places = Vec<Place>;

const TITLE: u32 = 44;
const LEGEND_LINE: i32 = 22;
const MARGIN: i32 = 10;

/// As an SVG so many pixels wide.
///
/// # Errors
/// When there is nothing to draw.
pub fn svg(figure: &Figure, width: u32, skin: Skin) -> Result<String, ChartError> {
    if figure.is_empty() {
        return Err(ChartError::Empty);
    }
    let width = width.clamp(240, 4000);
    let title = if skin == Skin::Document { TITLE } else { 0 };
    let legend = Legend::of(figure, to_i32(width));
    let body = match figure.form {
        Form::Lines | Form::Columns | Form::Stacked => 220,
        Form::Bars => bars::height(figure),
        Form::Spread => spread::height(figure),
    };
    let height = title + legend.height() + body;
    let mut text = String::new();
    let places = draw(&mut text, figure, (width, height), title, &legend)
        .map_err(|error| ChartError::Drawing(error.to_string()))?;
    let text = marked(&text, figure, &places, skin);
    Ok(match skin {
        Skin::Document => theme::dressed(&text, &figure.title),
        Skin::Page => theme::at_home(&text, &figure.title, width, height),
    })
}

fn draw(
    text: &mut String,
    figure: &Figure,
    (width, height): (u32, u32),
    title: u32,
    legend: &Legend,
) -> Result<Places, Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(text, (width, height)).into_drawing_area();
    if title > 0 {
        root.fill(&PAPER.rgb())?;
        pen::write(&root, &figure.title, (MARGIN, 12), 20, INK, HPos::Left)?;
    }
    let (_, rest) = root.split_vertically(title);
    let (head, body) = rest.split_vertically(legend.height());
    legend.draw(&head)?;
    let places = match figure.form {
        Form::Lines => lines::draw(&body, figure),
        Form::Columns => columns::draw(&body, figure, false),
        Form::Stacked => columns::draw(&body, figure, true),
        Form::Bars => bars::draw(&body, figure),
        Form::Spread => spread::draw(&body, figure),
    }?;
    root.present()?;
    drop((head, body));
    let down = to_i32(title + legend.height());
    let moved = places.into_iter().map(|place| Place {
        y: place.y + down,
        ..place
    });
    Ok(moved.collect())
}

/// With a box over each row: a page reads it out; a file says it where the pointer rests.
fn marked(svg: &str, figure: &Figure, places: &[Place], skin: Skin) -> String {
    let Some(body) = svg.trim_end().strip_suffix("</svg>") else {
        return svg.to_owned();
    };
    let mut boxes = String::new();
    for (row, place) in places.iter().enumerate() {
        let Place {
            x,
            y,
            width,
            height,
        } = place;
        let at = format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
        // Writing to a string does not fail.
        let _ = match (skin, figure.read_out(row)) {
            (Skin::Document, Some(said)) => write!(
                boxes,
                "<rect {at} fill-opacity=\"0\"><title>{}</title></rect>",
                escaped(&said)
            ),
            _ => write!(boxes, "<rect {at} fill-opacity=\"0\" data-row=\"{row}\"/>"),
        };
    }
    format!("{body}{boxes}</svg>\n")
}

/// What the colours, dashes and marks stand for: several names in a row.
struct Legend {
    /// Where each begins, and what it is.
    names: Vec<(i32, i32, String, Key)>,
    lines: i32,
}

/// How a name is shown.
#[derive(Clone, Copy)]
enum Key {
    Line(theme::Tone, usize),
    Block(theme::Tone),
    Mark(theme::Tone, usize),
}

impl Legend {
    fn of(figure: &Figure, width: i32) -> Self {
        let mut names = Vec::new();
        let (mut x, mut line) = (MARGIN, 0);
        for (order, (_, column, tone)) in figure.drawn().enumerate() {
            let key = match figure.form {
                Form::Lines => Key::Line(tone, order),
                Form::Spread => Key::Mark(tone, order),
                Form::Columns | Form::Stacked | Form::Bars => Key::Block(tone),
            };
            let wide = 38 + width_of(&column.name);
            if x + wide > width && x > MARGIN {
                (x, line) = (MARGIN, line + 1);
            }
            names.push((x, line * LEGEND_LINE, column.name.clone(), key));
            x += wide + 8;
        }
        // One alone is named by the title.
        if names.len() < 2 {
            return Legend {
                names: vec![],
                lines: 0,
            };
        }
        Legend {
            names,
            lines: line + 1,
        }
    }

    fn height(&self) -> u32 {
        u32::try_from(self.lines * LEGEND_LINE + 6).unwrap_or(6)
    }

    fn draw(&self, area: &Area<'_>) -> Drawn {
        for (x, y, name, key) in &self.names {
            match key {
                Key::Line(tone, order) => {
                    let points = [(*x, y + 8), (x + 24, y + 8)];
                    pen::line(area, &points, tone.colour(), *order)?;
                }
                Key::Block(tone) => {
                    pen::block(area, (x + 8, y + 3), (x + 20, y + 13), tone.colour())?;
                }
                Key::Mark(tone, order) => {
                    spread::mark(area, (x + 14, y + 8), tone.colour(), *order)?;
                }
            }
            pen::write(area, name, (x + 30, y + 1), 15, INK, HPos::Left)?;
        }
        Ok(())
    }
}
