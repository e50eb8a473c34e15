//! Colours for light and dark pages. A chart is drawn in the light ones. As a document it has a style
//! that replaces them where the reader prefers dark; programs that know no styles show the light one.
//! In a page the colours become the page's own custom properties, so that it follows its theme.

use std::fmt::Write as _;

use plotters::style::RGBColor;

/// A colour by day and by night, and what it is called in a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Colour {
    light: u32,
    dark: u32,
    property: &'static str,
}

const fn colour(light: u32, dark: u32, property: &'static str) -> Colour {
    Colour {
        light,
        dark,
        property,
    }
}

pub(crate) const PAPER: Colour = colour(0xFF_FF_FF, 0x14_17_1C, "--n2");
pub(crate) const INK: Colour = colour(0x1A_1D_21, 0xE8_EA_ED, "--n12");
pub(crate) const MUTED: Colour = colour(0x58_60_6A, 0xA6_AE_B8, "--n10");
pub(crate) const GRID: Colour = colour(0xDD_E0_E5, 0x33_39_41, "--n5");

/// Told apart by people who see colours differently (after Okabe and Ito 2008), darkened or
/// lightened to stand out from the paper at least 3 to 1.
pub(crate) const SERIES: [Colour; 6] = [
    colour(0x00_72_B2, 0x56_B4_E9, "--chart-1"),
    colour(0xC6_56_00, 0xF0_8A_3C, "--chart-2"),
    colour(0x00_86_62, 0x2F_C7_9A, "--chart-3"),
    colour(0x9C_4F_86, 0xE0_9A_C8, "--chart-4"),
    colour(0x7A_6A_00, 0xD8_C6_3A, "--chart-5"),
    colour(0x5B_64_70, 0xB4_BC_C6, "--chart-6"),
];

const GOOD: Colour = colour(0x1F_6B_3F, 0x7F_D8_A3, "--ok");
const WARN: Colour = colour(0x80_58_10, 0xE8_BE_6E, "--warn");
const BAD: Colour = colour(0xB4_2A_23, 0xFF_9A_8E, "--bad");
const QUIET: Colour = colour(0x9A_A1_AA, 0x6C_74_7E, "--n8");

/// The colour of a column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// One of six that only tell apart, from 0 on.
    Series(usize),
    Good,
    Warn,
    /// Only what is broken.
    Bad,
    Quiet,
}

impl Tone {
    pub(crate) fn colour(self) -> Colour {
        match self {
            Tone::Series(place) => SERIES[place % SERIES.len()],
            Tone::Good => GOOD,
            Tone::Warn => WARN,
            Tone::Bad => BAD,
            Tone::Quiet => QUIET,
        }
    }
}

impl Colour {
    pub(crate) fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.light.to_be_bytes();
        RGBColor(red, green, blue)
    }
}

fn all() -> impl Iterator<Item = Colour> {
    let few = [PAPER, INK, MUTED, GRID, GOOD, WARN, BAD, QUIET];
    few.into_iter().chain(SERIES)
}

/// The picture with its dark colours, and with a title for those who hear it read.
pub(crate) fn dressed(svg: &str, title: &str) -> String {
    let Some((head, rest)) = svg.split_once('>') else {
        return svg.to_owned();
    };
    let mut rules = String::new();
    for Colour { light, dark, .. } in all() {
        for property in ["fill", "stroke"] {
            // Writing to a string does not fail.
            let _ = write!(
                rules,
                "[{property}=\"#{light:06X}\"]{{{property}:#{dark:06X}}}"
            );
        }
    }
    let title = escaped(title);
    format!(
        "{head} role=\"img\">\n<title>{title}</title>\n\
         <style>text{{font-family:system-ui,\"DejaVu Sans\",sans-serif}}\
         @media (prefers-color-scheme:dark){{{rules}}}</style>{rest}"
    )
}

/// The picture as a part of a page: as wide as its place, in the page's colours and its type.
pub(crate) fn at_home(svg: &str, title: &str, width: u32, height: u32) -> String {
    let Some((_, rest)) = svg.split_once('>') else {
        return svg.to_owned();
    };
    let mut rest = rest.replace(" font-family=\"sans-serif\"", "");
    for Colour {
        light, property, ..
    } in all()
    {
        rest = rest.replace(
            &format!("\"#{light:06X}\""),
            &format!("\"var({property})\""),
        );
    }
    let title = escaped(title);
    format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">{rest}")
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
