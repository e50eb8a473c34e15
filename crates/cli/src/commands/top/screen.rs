//! The terminal as a page: its keys, its size, and drawing on it without flicker.

use std::io::{self, Read, Write};

use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{self, BeginSynchronizedUpdate, ClearType, EndSynchronizedUpdate};
use crossterm::{cursor, execute, queue};
use tokio::sync::mpsc;

use crate::failure::Failure;

/// A line, and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub look: Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Plain,
    Heading,
    /// Where one is.
    Chosen,
    Faint,
}

/// What is pressed, in the page's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Leave,
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    Other,
}

/// The page, as long as it is shown. What was on the terminal before comes back.
pub struct Screen(());

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn failed(error: io::Error) -> Failure {
    Failure::Other(format!("The terminal cannot be drawn on: {error}."))
}

impl Screen {
    pub fn open() -> Result<Self, Failure> {
        terminal::enable_raw_mode().map_err(failed)?;
        let screen = Screen(());
        execute!(io::stdout(), terminal::EnterAlternateScreen, cursor::Hide).map_err(failed)?;
        Ok(screen)
    }

    /// Columns and lines.
    pub fn size(&self) -> (usize, usize) {
        let (columns, lines) = terminal::size().unwrap_or((80, 24));
        (usize::from(columns), usize::from(lines))
    }

    /// Each line over the one that was there, all at once.
    pub fn draw(&mut self, lines: &[Line]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        queue!(out, BeginSynchronizedUpdate).map_err(failed)?;
        for (place, line) in (0u16..).zip(lines) {
            let attribute = match line.look {
                Look::Plain => Attribute::Reset,
                Look::Heading => Attribute::Bold,
                Look::Chosen => Attribute::Reverse,
                Look::Faint => Attribute::Dim,
            };
            queue!(out, cursor::MoveTo(0, place), SetAttribute(attribute)).map_err(failed)?;
            write!(out, "{}", line.text).map_err(failed)?;
            queue!(
                out,
                SetAttribute(Attribute::Reset),
                terminal::Clear(ClearType::UntilNewLine)
            )
            .map_err(failed)?;
        }
        queue!(
            out,
            terminal::Clear(ClearType::FromCursorDown),
            EndSynchronizedUpdate
        )
        .map_err(failed)?;
        out.flush().map_err(failed)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = execute!(io::stdout(), cursor::Show, terminal::LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

/// What is pressed from now on. The thread that waits for keys ends with the program.
pub fn keys() -> mpsc::UnboundedReceiver<Key> {
    let (to, keys) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok(count @ 1..) = io::stdin().read(&mut buffer) {
            for key in pressed(&buffer[..count]) {
                if to.send(key).is_err() {
                    return;
                }
            }
        }
    });
    keys
}

/// The keys in what a terminal sent at once.
fn pressed(bytes: &[u8]) -> Vec<Key> {
    let mut keys = vec![];
    let mut rest = bytes;
    while let [first, behind @ ..] = rest {
        rest = behind;
        let key = match (first, behind) {
            (b'\x1b', [b'[' | b'O', sequence @ ..]) => {
                // Numbers and semicolons, then what ends it.
                let end = sequence
                    .iter()
                    .position(|byte| (0x40..=0x7e).contains(byte));
                let Some(end) = end else { break };
                rest = &sequence[end + 1..];
                match &sequence[..=end] {
                    b"A" => Some(Key::Up),
                    b"B" => Some(Key::Down),
                    b"5~" => Some(Key::PageUp),
                    b"6~" => Some(Key::PageDown),
                    b"H" | b"1~" => Some(Key::First),
                    b"F" | b"4~" => Some(Key::Last),
                    b"Z" => Some(Key::Other),
                    _ => None,
                }
            }
            // Ctrl-C and Ctrl-D are only bytes to a page.
            (b'q' | b'\x1b' | b'\x03' | b'\x04', _) => Some(Key::Leave),
            (b'j', _) => Some(Key::Down),
            (b'k', _) => Some(Key::Up),
            (b' ', _) => Some(Key::PageDown),
            (b'g', _) => Some(Key::First),
            (b'G', _) => Some(Key::Last),
            (b'\t', _) => Some(Key::Other),
            _ => None,
        };
        keys.extend(key);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_as_terminals_send_them() {
        for (bytes, keys) in [
            (&b"jk"[..], &[Key::Down, Key::Up][..]),
            (b"\x1b[A\x1bOB", &[Key::Up, Key::Down]),
            (b"\x1b[6~\x1b[1;5C\t", &[Key::PageDown, Key::Other]),
            (b"\x1b[H\x1b[4~\x1b[Z", &[Key::First, Key::Last, Key::Other]),
            (b"\x1b", &[Key::Leave]),
            (b"\x03", &[Key::Leave]),
            (b"x\x1b[", &[]),
            (b"", &[]),
        ] {
            assert_eq!(pressed(bytes), keys, "{bytes:?}");
        }
    }
}
