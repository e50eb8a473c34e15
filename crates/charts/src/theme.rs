//! Colours for light and dark pages. A chart is drawn in the light ones; a style in the file
//! replaces them where the reader prefers dark. Programs that know no styles show the light one.

use std::fmt::Write as _;

use plotters::style::RGBColor;

/// A colour by day and by night.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Colour {
    light: u32,
    dark: u32,
}

const fn colour(light: u32, dark: u32) -> Colour {
    Colour { light, dark }
}

pub(crate) const PAPER: Colour = colour(0xFF_FF_FF, 0x14_17_1C);
pub(crate) const INK: Colour = colour(0x1A_1D_21, 0xE8_EA_ED);
pub(crate) const MUTED: Colour = colour(0x58_60_6A, 0xA6_AE_B8);
pub(crate) const GRID: Colour = colour(0xDD_E0_E5, 0x33_39_41);

/// Told apart by people who see colours differently (after Okabe and Ito 2008), darkened or
/// lightened to stand out from the paper at least 3 to 1.
pub(crate) const SERIES: [Colour; 6] = [
    colour(0x00_72_B2, 0x56_B4_E9),
    colour(0xC6_56_00, 0xF0_8A_3C),
    colour(0x00_86_62, 0x2F_C7_9A),
    colour(0x9C_4F_86, 0xE0_9A_C8),
    colour(0x7A_6A_00, 0xD8_C6_3A),
    colour(0x5B_64_70, 0xB4_BC_C6),
];

impl Colour {
    pub(crate) fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.light.to_be_bytes();
        RGBColor(red, green, blue)
    }
}

/// The picture with its dark colours, and with a title for those who hear it read.
pub(crate) fn dressed(svg: &str, title: &str) -> String {
    let Some((head, rest)) = svg.split_once('>') else {
        return svg.to_owned();
    };
    let mut rules = String::new();
    for Colour { light, dark } in [PAPER, INK, MUTED, GRID].iter().chain(&SERIES) {
        for property in ["fill", "stroke"] {
            // Writing to a string does not fail.
            let _ = write!(
                rules,
                "[{property}=\"#{light:06X}\"]{{{property}:#{dark:06X}}}"
            );
        }
    }
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "{head} role=\"img\">\n<title>{title}</title>\n\
         <style>text{{font-family:system-ui,\"DejaVu Sans\",sans-serif}}\
         @media (prefers-color-scheme:dark){{{rules}}}</style>{rest}"
    )
}
