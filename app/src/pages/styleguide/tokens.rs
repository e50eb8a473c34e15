//! What style/tokens.css says, read from that file itself.

use leptos::prelude::*;

const FILE: &str = include_str!("../../../../style/tokens.css");

/// A name and its value, as the file has them.
type Token = (&'static str, &'static str);

/// Those of the first block, which holds all.
fn all() -> impl Iterator<Item = Token> {
    let block = FILE
        .split_once(":root {")
        .and_then(|(_, rest)| rest.split_once("\n}"));
    let lines = block.map_or("", |(block, _)| block).lines();
    lines.filter_map(|line| {
        let (name, value) = line.trim().strip_suffix(';')?.split_once(": ")?;
        name.starts_with("--").then_some((name, value))
    })
}

fn is_colour(value: &str) -> bool {
    ["light-dark(", "oklch(", "#", "var(--"]
        .iter()
        .any(|start| value.starts_with(start))
}

/// Its values in the light and in the dark theme.
fn by_theme(value: &'static str) -> (&'static str, &'static str) {
    let both = value
        .strip_prefix("light-dark(")
        .and_then(|rest| rest.strip_suffix(')'));
    let parts = both.and_then(|both| both.split_once(", "));
    parts.unwrap_or((value, value))
}

/// Colours in one theme, whichever the page has.
fn colours(theme: &'static str) -> AnyView {
    let swatch = move |(name, value): Token| {
        let (light, dark) = by_theme(value);
        let shown = if theme == "light" { light } else { dark };
        view! {
            <li>
                <span class="guide-swatch" style=format!("background: var({name})")></span>
                <code>{name}</code>
                <span class="quiet">{shown}</span>
            </li>
        }
    };
    let swatches = all().filter(|(_, value)| is_colour(value)).map(swatch);
    view! {
        <div class="guide-theme" data-theme=theme>
            <h3>{if theme == "light" { "Light" } else { "Dark" }}</h3>
            <ul class="guide-colours">{swatches.collect_view()}</ul>
        </div>
    }
    .into_any()
}

pub fn colour_tokens() -> AnyView {
    view! { <div class="guide-themes">{colours("light")} {colours("dark")}</div> }.into_any()
}

/// The colours of people: twelve hues, always beside a name.
pub fn owner_hues() -> AnyView {
    let hue = |number: u32| {
        view! { <li class=format!("owner-mark hue-{number}")>{number}</li> }
    };
    let all = move || (0..12).map(hue).collect_view();
    view! {
        <div class="guide-themes">
            <div class="guide-theme" data-theme="light"><ol class="guide-row">{all()}</ol></div>
            <div class="guide-theme" data-theme="dark"><ol class="guide-row">{all()}</ol></div>
        </div>
    }
    .into_any()
}

pub fn type_tokens() -> AnyView {
    let sizes = all().filter(|(name, _)| name.starts_with("--t") && name.len() == 5);
    let sizes = sizes.map(|(name, value)| {
        view! {
            <li>
                <code>{name}</code>
                <span class="quiet num">{value}</span>
                <span class="clip" style=format!("font-size: var({name})")>"Waits for 4 more GPUs"</span>
            </li>
        }
    });
    view! {
        <ul class="guide-sizes">
            {sizes.collect_view()}
            <li><code>"--sans"</code> <span class="quiet">"Inter"</span> <span class="num">"0123456789 in columns"</span></li>
            <li><code>"--mono"</code> <span class="quiet">"commands, logs"</span> <code>"berth submit -g 4"</code></li>
        </ul>
    }
    .into_any()
}

/// Everything is a multiple of four apart.
pub fn space_tokens() -> AnyView {
    let step = |pixels: u32| {
        view! {
            <li>
                <span class="guide-space" style=format!("width: {pixels}px")></span>
                <span class="quiet num">{pixels} " px"</span>
            </li>
        }
    };
    let others = all()
        .filter(|(name, value)| !is_colour(value) && !name.starts_with("--t") && value.len() < 30);
    let other = |(name, value): Token| view! { <li><code>{name}</code> <span class="quiet">{value}</span></li> };
    view! {
        <ul class="guide-sizes">{[4, 8, 12, 16, 20, 24, 40].map(step).collect_view()}</ul>
        <ul class="guide-sizes">{others.map(other).collect_view()}</ul>
        <p class="guide-float">"What floats has the only shadow: --float"</p>
        <p class="guide-motion" tabindex="0">"Motion: --quick, on hover and focus; none with reduced motion"</p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_of_the_file_is_read() {
        let lines = FILE
            .lines()
            .filter(|line| line.starts_with("  --") && line.ends_with(';'));
        assert_eq!(all().count(), lines.count());
        let ramp = all().filter(|(name, _)| name.starts_with("--n") && name.len() <= 5);
        assert_eq!(ramp.count(), 12);
    }

    #[test]
    fn a_colour_has_a_value_for_each_theme() {
        let two = "light-dark(oklch(98.6% 0.003 240), oklch(18.2% 0.012 245 / 0.5))";
        assert_eq!(
            by_theme(two),
            ("oklch(98.6% 0.003 240)", "oklch(18.2% 0.012 245 / 0.5)")
        );
        assert_eq!(by_theme("var(--n10)"), ("var(--n10)", "var(--n10)"));
    }
}
