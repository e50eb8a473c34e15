//! `/styleguide`: the tokens, and every component in every state, on made-up data.

mod cards;
mod controls;
pub mod sample;
mod tokens;
mod work;

use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_meta::Title;

use crate::clock::Clock;
use crate::components::problem::ProblemView;
use crate::components::theme_switch;
use crate::icons::icon;
use crate::live::Live;
use crate::notice::Notices;
use crate::start::Waiting;
use crate::theme::{Chosen, Theme};

/// A part of the page: its anchor, its title, and what is shown.
type Part = (&'static str, &'static str, fn() -> AnyView);

const TOKENS: [Part; 4] = [
    ("colour", "Colour", tokens::colour_tokens),
    ("owners", "People's colours", tokens::owner_hues),
    ("type", "Type", tokens::type_tokens),
    ("space", "Space, edges, motion", tokens::space_tokens),
];

const COMPONENTS: [Part; 14] = [
    ("buttons", "Buttons", controls::buttons),
    ("dialogs", "Dialogs", controls::dialogs),
    ("fields", "Fields", controls::fields),
    ("messages", "Messages", controls::messages),
    ("empty", "Empty, loading, problem", controls::nothing),
    ("states", "States", work::states),
    ("sizes", "Owners, sizes, times", work::facts),
    ("tiles", "Nodes and GPUs", work::tiles),
    ("rows", "Job rows", work::rows),
    ("lines", "Job lines", work::lines),
    ("job", "Of a job", work::job),
    ("alerts", "Alerts", work::alerts),
    ("cards", "Cards of agents and rules", work::cards),
    ("figures", "Tables and links", work::figures),
];

#[component]
pub fn StyleguidePage() -> impl IntoView {
    let waiting = Waiting::here();
    view! {
        <Title text="Styleguide" />
        <Suspense>
            {move || Suspend::new(async move {
                match waiting.ready().await {
                    Ok(()) => view! { <Guide /> }.into_any(),
                    Err(error) => view! { <ProblemView error /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Guide() -> impl IntoView {
    // These ask for real, as everywhere: they are taken before the made-up ones are there.
    let opened = controls::Opened::here();
    provide_context(opened);
    let anchors = TOKENS.iter().chain(&COMPONENTS).map(|(id, title, _)| {
        view! {
            <li>
                <a href=format!("#{id}")>{*title}</a>
            </li>
        }
    });
    view! {
        <div class="page guide">
            <div class="page-head">
                <h1>"Styleguide"</h1>
                <Themes />
            </div>
            <p class="quiet">
                "Everything that pages are made of, in every state. What is shown is made up: its links and buttons do nothing."
            </p>
            <nav aria-label="On this page">
                <ul class="guide-row">{anchors.collect_view()}</ul>
            </nav>
            {TOKENS.map(section).collect_view()}
            <MadeUp>{COMPONENTS.map(section).collect_view()}</MadeUp>
        </div>
    }
    .into_any()
}

fn section((id, title, shown): Part) -> AnyView {
    let label = format!("{id}-title");
    let heading = label.clone();
    view! {
        <section class="guide-part" id=id aria-labelledby=heading>
            <h2 id=label>{title}</h2>
            {shown()}
        </section>
    }
    .into_any()
}

/// Has what is in it look at made-up jobs, and keeps it from doing anything to real ones.
#[component]
fn MadeUp(children: Children) -> impl IntoView {
    let clock = Clock::here();
    let live = Live::new(clock);
    live.start(sample::start(clock.now_untracked()));
    provide_context(live);
    provide_context(Notices::new());
    // A problem that is shown is not this page's own.
    #[cfg(feature = "ssr")]
    provide_context(leptos_axum::ResponseOptions::default());
    let stays = |event: MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| target.closest("a[href]").is_ok_and(|link| link.is_some())) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    let sends_nothing = |event: SubmitEvent| {
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <div class="guide-made" on:click:capture=stays on:submit:capture=sends_nothing>
            {children()}
        </div>
    }
    .into_any()
}

/// Which theme the page has.
#[component]
fn Themes() -> impl IntoView {
    let chosen = Chosen::here();
    let button = |theme: Theme| {
        let pressed = move || {
            if chosen.get() == theme {
                "true"
            } else {
                "false"
            }
        };
        view! {
            <button
                type="button"
                class="button button-small button-toggle"
                aria-pressed=pressed
                on:click=move |_| chosen.choose(theme)
            >
                {icon(theme_switch::look(theme))}
                {theme.as_str()}
            </button>
        }
    };
    view! {
        <div class="guide-row needs-script" role="group" aria-label="Theme">
            {Theme::ALL.map(button).collect_view()}
        </div>
    }
    .into_any()
}

/// A part of a section, with what it shows in words.
fn shown(words: &'static str, what: impl IntoView) -> AnyView {
    view! {
        <div class="guide-one">
            <h3>{words}</h3>
            <div class="guide-row">{what.into_any()}</div>
        </div>
    }
    .into_any()
}
