//! `--watch`: the same again and again, in place on a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use crate::failure::Failure;
use crate::output;

/// Home, and what is left of the screen away.
const HOME: &str = "\u{1b}[H";
const REST: &str = "\u{1b}[J";
const END_OF_LINE: &str = "\u{1b}[K";
const WHOLE: &str = "\u{1b}[2J";

#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Watch {
    /// Again and again, in place, with so many seconds between; Ctrl-C ends it.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", value_parser = seconds)]
    watch: Option<f64>,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (0.2..=86_400.0).contains(seconds));
    seconds.ok_or_else(|| format!("'{text}' is not a number of seconds from 0.2 on"))
}

impl Watch {
    /// Shows it once, or as often as was asked for. Where nobody looks one text follows the other.
    pub async fn show(
        &self,
        text: impl AsyncFn() -> Result<String, Failure>,
    ) -> Result<(), Failure> {
        let Some(seconds) = self.watch else {
            return output::print(&text().await?);
        };
        let lines = terminal_lines();
        if lines.is_some() {
            output::raw(WHOLE)?;
        }
        loop {
            let text = text().await?;
            match lines {
                Some(_) => output::raw(&in_place(&text, terminal_lines()))?,
                None => output::print(&format!("{text}\n"))?,
            }
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        }
    }
}

/// How many lines the terminal has, where there is one.
fn terminal_lines() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let size = crossterm::terminal::size().ok();
    Some(size.map_or(24, |(_, lines)| usize::from(lines)))
}

/// Over what was there before, without flicker; what has no room is left out.
fn in_place(text: &str, lines: Option<usize>) -> String {
    let most = lines.unwrap_or(usize::MAX).saturating_sub(1).max(1);
    let shown = text.lines().take(most);
    let shown: String = shown
        .map(|line| format!("{line}{END_OF_LINE}\r\n"))
        .collect();
    format!("{HOME}{shown}{REST}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_left_out() {
        let text = in_place("a\nb\nc\n", Some(3));
        assert_eq!(text, "\u{1b}[Ha\u{1b}[K\r\nb\u{1b}[K\r\n\u{1b}[J");
        assert!(in_place("a\n", Some(0)).contains('a'));
    }

    #[test]
    fn a_wait_is_a_number_of_seconds() {
        assert_eq!(seconds("2"), Ok(2.0));
        assert_eq!(seconds("0.5"), Ok(0.5));
        for text in ["0", "-1", "soon", "NaN", "inf"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
