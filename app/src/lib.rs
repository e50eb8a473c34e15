//! The pages: rendered on the server first, then taken over by the browser.
//!
//! Pages get what they show from a server function or from the [live store](live::Live); nothing
//! here polls. Every action is a plain HTML form too, so that the pages work without script.

// View types nest deeply; the release build of the browser needs more than the default.
#![recursion_limit = "256"]
#![expect(
    clippy::needless_pass_by_value,
    reason = "components are given their props"
)]

mod actions;
mod address;
mod app;
mod browser_notice;
mod clock;
mod components;
mod draft;
mod format;
mod icons;
mod keys;
mod lens;
mod live;
mod near;
mod notice;
mod pages;
mod places;
mod planner;
mod shell;
mod sparks;
mod start;
mod texts;
mod theme;

pub use app::App;
pub use pages::history::figures as history_figures;
pub use pages::login::SsoName;
#[cfg(feature = "hydrate")]
pub use pages::parts::load;
pub use shell::{THEME, shell};
