//! Charts as SVG: numbers in, a picture out. No files and no clock: the same code draws on the server
//! and in the browser.

mod comparison;
mod draw;
mod figure;
mod pen;
mod scale;
mod theme;
mod words;

pub use comparison::{Compared, comparison};
pub use draw::{Skin, svg};
pub use figure::{Column, Figure, Form, Row, Unit};
pub use theme::Tone;

/// A chart that cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    #[error("there is nothing to draw")]
    Empty,
    #[error("failed to draw: {0}")]
    Drawing(String),
}
