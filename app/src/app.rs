//! Routes, and what every page shares.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{Lazy, OptionalParamSegment, ParamSegment, SsrMode, StaticSegment};

use crate::browser_notice;
use crate::clock::Clock;
use crate::components::confirm::{Confirm, ConfirmDialog};
use crate::components::frame::Frame;
use crate::components::help::{Help, HelpDialog};
use crate::components::palette::{Palette, PaletteDialog};
use crate::keys::Keys;
use crate::live::Live;
use crate::notice::Notices;
use crate::pages::agent::ask::answering::Answering;
use crate::pages::{dashboard::Dashboard, not_found::NotFound, parts};
use crate::start;
use crate::texts::{common, frame as t};
use crate::theme::Chosen;

/// The app, inside `<body>`.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let clock = Clock::new();
    let live = Live::new(clock);
    provide_context(clock);
    provide_context(live);
    let notices = Notices::new();
    provide_context(notices);
    provide_context(Confirm::new());
    provide_context(Help::new());
    provide_context(Palette::new(live));
    provide_context(Chosen::new());
    provide_context(Answering::new());
    start::provide();
    begin(clock, live);
    browser_notice::begin(live, notices);

    view! {
        <Title formatter=|title: String| {
            if title.is_empty() { common::BERTH.to_owned() } else { t::titled(&title) }
        } />
        <Router>
            <Frame>
                <FlatRoutes fallback=|| view! { <NotFound /> }>
                    <Route path=StaticSegment("") view=Dashboard ssr=SsrMode::Async />
                    <Route path=StaticSegment("jobs") view={Lazy::<parts::Jobs>::new()} ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("jobs"), ParamSegment("id"))
                        view={Lazy::<parts::Job>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route path=StaticSegment("queue") view={Lazy::<parts::Queue>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("timeline") view={Lazy::<parts::Timeline>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("cluster") view={Lazy::<parts::Cluster>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("history") view={Lazy::<parts::History>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("agent") view={Lazy::<parts::Agent>::new()} ssr=SsrMode::Async />
                    // One route: a new talk gets its number while its page stays.
                    <Route
                        path=(StaticSegment("agent"), StaticSegment("ask"), OptionalParamSegment("id"))
                        view={Lazy::<parts::Ask>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=(StaticSegment("agent"), StaticSegment("campaigns"))
                        view={Lazy::<parts::Campaigns>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=(StaticSegment("agent"), StaticSegment("campaigns"), ParamSegment("id"))
                        view={Lazy::<parts::Campaign>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route path=StaticSegment("alerts") view={Lazy::<parts::Alerts>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("settings") view={Lazy::<parts::Settings>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("projects") view={Lazy::<parts::Projects>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("admin") view={Lazy::<parts::Admin>::new()} ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("admin"), StaticSegment("import"))
                        view={Lazy::<parts::Import>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=(StaticSegment("admin"), StaticSegment("audit"))
                        view={Lazy::<parts::Audit>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route path=StaticSegment("styleguide") view={Lazy::<parts::Styleguide>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("submit") view={Lazy::<parts::Submit>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("login") view={Lazy::<parts::Login>::new()} ssr=SsrMode::Async />
                </FlatRoutes>
            </Frame>
            <ConfirmDialog />
            <HelpDialog />
            <PaletteDialog />
            <Keys />
        </Router>
    }
}

/// What begins when the browser has taken the page over; effects do not run on the server.
fn begin(clock: Clock, live: Live) {
    Effect::new(move |_| {
        clock.begin();
        // After the other effects of this first run.
        request_animation_frame(|| {
            if let Some(body) = document().body() {
                let _ = body.set_attribute("data-hydrated", "true");
            }
        });
    });
    Effect::new(move |begun: Option<bool>| {
        let begun = begun.unwrap_or(false);
        let started = live.started.get();
        if started && !begun {
            live.connect();
        }
        begun || started
    });
}
