//! What escape sequences in a log say (ECMA-48): colours and weights of text. Everything else that
//! a terminal would do, such as moving the cursor, is left out.
//!
//! A text may be read in pieces that are cut anywhere, also within a sequence: what comes out is the
//! same.

/// A colour as the text names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// One of the 16 that themes define: 0 to 7, and the same brighter.
    Named(u8),
    Rgb(u8, u8, u8),
}

/// How a text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each can be switched by itself"
)]
pub struct Style {
    pub text: Option<Colour>,
    pub behind: Option<Colour>,
    pub bold: bool,
    pub faint: bool,
    pub italic: bool,
    pub underline: bool,
    pub inverse: bool,
    pub struck: bool,
}

/// A text of one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub style: Style,
    pub text: String,
}

/// No sequence is longer; what is, is none.
const LONGEST: usize = 64;

/// Where in a sequence a text is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC [ : the parameters so far.
    Control(String),
    /// After ESC ] : up to BEL or ESC \.
    Title,
    /// After an ESC within a title.
    TitleEscape,
    /// After ESC ( or ESC ): a character set follows.
    Set,
}

/// Reads the text of one line after another, and remembers the style in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    style: Style,
    place: Place,
    /// A `\r` was read: what follows overwrites the line.
    overwrites: bool,
}

impl Reader {
    /// Reads on, and adds to the line what is to be seen of it. `text` has no line break.
    pub fn read(&mut self, text: &str, line: &mut Vec<Run>) {
        for ch in text.chars() {
            match std::mem::take(&mut self.place) {
                Place::Text => match ch {
                    '\u{1b}' => self.place = Place::Escape,
                    '\r' => self.overwrites = true,
                    ch => self.show(ch, line),
                },
                Place::Escape => {
                    self.place = match ch {
                        '[' => Place::Control(String::new()),
                        ']' => Place::Title,
                        '(' | ')' => Place::Set,
                        '\u{1b}' => Place::Escape,
                        _ => Place::Text,
                    }
                }
                // Parameters, then one final byte.
                Place::Control(mut parameters) => match ch {
                    'm' => self.style = changed(self.style, &parameters),
                    '@'..='~' => {}
                    '\u{1b}' => self.place = Place::Escape,
                    ch => {
                        if parameters.len() < LONGEST {
                            parameters.push(ch);
                        }
                        self.place = Place::Control(parameters);
                    }
                },
                Place::Title => match ch {
                    '\u{7}' => {}
                    '\u{1b}' => self.place = Place::TitleEscape,
                    _ => self.place = Place::Title,
                },
                Place::TitleEscape | Place::Set => {}
            }
        }
    }

    /// The line is complete. A title that nothing ended does not swallow the lines after it.
    pub fn end_line(&mut self) {
        self.place = Place::Text;
        self.overwrites = false;
    }

    fn show(&mut self, ch: char, line: &mut Vec<Run>) {
        if std::mem::take(&mut self.overwrites) {
            line.clear();
        }
        match line.last_mut() {
            Some(last) if last.style == self.style => last.text.push(ch),
            _ => line.push(Run {
                style: self.style,
                text: ch.into(),
            }),
        }
    }
}

/// A line as it is to be seen, without any style.
#[must_use]
pub fn plain(line: &str) -> String {
    let mut runs = Vec::new();
    Reader::default().read(line, &mut runs);
    text(&runs)
}

/// The text of runs.
#[must_use]
pub fn text(runs: &[Run]) -> String {
    runs.iter().map(|run| run.text.as_str()).collect()
}

/// Whether a line as it is to be seen holds a text, whatever the case of its letters. `wanted` is in
/// small letters.
#[must_use]
pub fn holds(line: &str, wanted: &str) -> bool {
    if line.is_ascii() && wanted.is_ascii() && !line.contains(['\u{1b}', '\r']) {
        return holds_ascii(line.as_bytes(), wanted.as_bytes());
    }
    plain(line).to_lowercase().contains(wanted)
}

fn holds_ascii(line: &[u8], wanted: &[u8]) -> bool {
    let Some((first, rest)) = wanted.split_first() else {
        return true;
    };
    let places = line.len().saturating_sub(rest.len());
    line[..places].iter().enumerate().any(|(place, byte)| {
        byte.to_ascii_lowercase() == *first
            && line[place + 1..place + 1 + rest.len()].eq_ignore_ascii_case(rest)
    })
}

/// A style after `CSI … m`. What is not known changes nothing.
fn changed(mut style: Style, parameters: &str) -> Style {
    let mut codes = parameters.split([';', ':']).map(|code| {
        if code.is_empty() {
            Some(0)
        } else {
            code.parse::<u16>().ok()
        }
    });
    while let Some(code) = codes.next() {
        let Some(code) = code else { continue };
        match code {
            0 => style = Style::default(),
            1 => style.bold = true,
            2 => style.faint = true,
            3 => style.italic = true,
            4 | 21 => style.underline = true,
            7 => style.inverse = true,
            9 => style.struck = true,
            22 => (style.bold, style.faint) = (false, false),
            23 => style.italic = false,
            24 => style.underline = false,
            27 => style.inverse = false,
            29 => style.struck = false,
            30..=37 => style.text = named(code - 30),
            38 => style.text = further(&mut codes).or(style.text),
            39 => style.text = None,
            40..=47 => style.behind = named(code - 40),
            48 => style.behind = further(&mut codes).or(style.behind),
            49 => style.behind = None,
            90..=97 => style.text = named(code - 90 + 8),
            100..=107 => style.behind = named(code - 100 + 8),
            _ => {}
        }
    }
    style
}

fn named(number: u16) -> Option<Colour> {
    u8::try_from(number).ok().map(Colour::Named)
}

/// What follows 38 or 48: `5;N` of 256 colours, or `2;R;G;B`.
fn further(codes: &mut impl Iterator<Item = Option<u16>>) -> Option<Colour> {
    let mut byte = || {
        codes
            .next()
            .flatten()
            .and_then(|code| u8::try_from(code).ok())
    };
    match byte()? {
        5 => Some(of_256(byte()?)),
        2 => Some(Colour::Rgb(byte()?, byte()?, byte()?)),
        _ => None,
    }
}

/// The colours of xterm: 16 by name, a cube of 6 x 6 x 6, and 24 greys.
fn of_256(number: u8) -> Colour {
    match number {
        0..16 => Colour::Named(number),
        16..232 => {
            let place = number - 16;
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            Colour::Rgb(level(place / 36), level(place / 6 % 6), level(place % 6))
        }
        232.. => {
            let grey = 8 + 10 * (number - 232);
            Colour::Rgb(grey, grey, grey)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn runs(text: &str) -> Vec<(Style, String)> {
        let mut line = vec![];
        Reader::default().read(text, &mut line);
        line.into_iter().map(|run| (run.style, run.text)).collect()
    }

    fn style(text: &str) -> Style {
        runs(&format!("{text}x"))[0].0
    }

    #[test]
    fn colours_of_all_kinds() {
        let text = |text| Style {
            text: Some(text),
            ..Style::default()
        };
        assert_eq!(style("\u{1b}[31m"), text(Colour::Named(1)));
        assert_eq!(style("\u{1b}[95m"), text(Colour::Named(13)));
        assert_eq!(style("\u{1b}[38;5;9m"), text(Colour::Named(9)));
        assert_eq!(style("\u{1b}[38;5;208m"), text(Colour::Rgb(255, 135, 0)));
        assert_eq!(style("\u{1b}[38;5;255m"), text(Colour::Rgb(238, 238, 238)));
        assert_eq!(style("\u{1b}[38;2;1;2;3m"), text(Colour::Rgb(1, 2, 3)));
        assert_eq!(style("\u{1b}[38:2:1:2:3m"), text(Colour::Rgb(1, 2, 3)));
        assert_eq!(style("\u{1b}[31;39m"), Style::default());
        assert_eq!(style("\u{1b}[44m").behind, Some(Colour::Named(4)));
        assert_eq!(style("\u{1b}[999;38;5;999;x m"), Style::default());
    }

    #[test]
    fn weights_are_switched_on_and_off() {
        let on = style("\u{1b}[1;4;3m");
        assert!(on.bold && on.underline && on.italic && !on.faint);
        assert_eq!(style("\u{1b}[1;4;3m\u{1b}[22;24;23m"), Style::default());
        assert_eq!(style("\u{1b}[1m\u{1b}[m"), Style::default());
        assert_eq!(
            runs("a\u{1b}[1mb\u{1b}[0mc")
                .into_iter()
                .map(|run| run.1)
                .collect::<Vec<_>>(),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn what_is_no_colour_is_left_out() {
        assert_eq!(plain("\u{1b}[1;31mred\u{1b}[0m"), "red");
        assert_eq!(plain("\u{1b}]0;title\u{7}text"), "text");
        assert_eq!(plain("\u{1b}]0;title\u{1b}\\text\u{1b}(B."), "text.");
        assert_eq!(plain("cut \u{1b}[3"), "cut ");
        assert_eq!(plain("10%\r20%\u{1b}[K"), "20%");
        assert_eq!(plain("kept\r"), "kept");
    }

    #[test]
    fn a_style_goes_on_into_the_next_line() {
        let (mut reader, mut first, mut second) = (Reader::default(), vec![], vec![]);
        reader.read("\u{1b}[32ma\u{1b}]0;no end", &mut first);
        reader.end_line();
        reader.read("b", &mut second);
        assert_eq!(first[0].style, second[0].style);
        assert_eq!(second[0].text, "b");
    }

    #[test]
    fn letters_are_found_whatever_their_case() {
        assert!(holds("An ERROR", "error"));
        assert!(holds("an \u{1b}[31mEr\u{1b}[0mror", "error"));
        assert!(holds("ÄRGER", "ärger"));
        assert!(holds("x", "") && holds("error", "error"));
        assert!(!holds("erro", "error") && !holds("", "e"));
        assert!(!holds("error\rok", "error"));
    }

    proptest! {
        /// Wherever a text is cut, it is read as the same.
        #[test]
        fn cuts_change_nothing(
            parts in prop::collection::vec(prop::sample::select(vec![
                "a", "€", " ", "\r", "\u{1b}", "\u{1b}[", "31m", "\u{1b}[1;4m", "\u{1b}[38;5;20", "8m", "\u{1b}[38;2;1;2;3m",
                "\u{1b}[0m", "\u{1b}]0;t", "\u{7}", "\u{1b}\\", "\u{1b}(B", ";", "m", "\u{1b}[2K",
            ]), 0..24),
            cuts in prop::collection::vec(0_usize..200, 0..6),
        ) {
            let text = parts.concat();
            let (mut whole, mut line) = (Reader::default(), vec![]);
            whole.read(&text, &mut line);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let (mut cut, mut pieces) = (Reader::default(), vec![]);
            for ends in cuts.windows(2) {
                cut.read(&text[ends[0]..ends[1]], &mut pieces);
            }
            prop_assert_eq!(&line, &pieces);
            prop_assert_eq!(whole, cut);
            let left = super::text(&line).contains('\u{1b}');
            prop_assert!(!left, "no escape is shown");
            // And the quick way of looking finds what the slow one does.
            prop_assert_eq!(holds(&text, "a m"), plain(&text).to_lowercase().contains("a m"));
        }
    }
}
