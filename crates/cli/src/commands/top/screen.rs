//! The terminal as a page: its keys, its size, and drawing on it without flicker.

use std::io::{self, Write};

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
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
    Resized,
}

/// The page, as long as it is shown. What was on the terminal before comes back.
pub struct Screen(());

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
        while let Ok(event) = event::read() {
            let key = match event {
                Event::Key(pressed) if pressed.kind != KeyEventKind::Release => key(pressed),
                Event::Resize(..) => Some(Key::Resized),
                _ => None,
            };
            if key.is_some_and(|key| to.send(key).is_err()) {
                break;
            }
        }
    });
    keys
}

fn key(pressed: KeyEvent) -> Option<Key> {
    let control = pressed.modifiers.contains(KeyModifiers::CONTROL);
    Some(match pressed.code {
        KeyCode::Char('c') if control => Key::Leave,
        KeyCode::Char('q') | KeyCode::Esc => Key::Leave,
        KeyCode::Char('j') | KeyCode::Down => Key::Down,
        KeyCode::Char('k') | KeyCode::Up => Key::Up,
        KeyCode::PageDown | KeyCode::Char(' ') => Key::PageDown,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::Char('g') | KeyCode::Home => Key::First,
        KeyCode::Char('G') | KeyCode::End => Key::Last,
        KeyCode::Tab | KeyCode::BackTab => Key::Other,
        _ => return None,
    })
}
