//! Charts as SVG: numbers in, a picture out. No files and no clock, so that it can also run in
//! the browser.

mod comparison;
mod theme;
mod words;

pub use comparison::{Compared, comparison};

/// A chart that cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    #[error("there is nothing to draw")]
    Empty,
    #[error("failed to draw: {0}")]
    Drawing(String),
}
