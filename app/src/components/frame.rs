//! What stands around every page: rail, header, messages.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::header::Header;
use super::notices::NoticeList;
use super::rail::Rail;
use crate::icons::{Icon, icon};
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::frame as t;

#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let path = use_location().pathname;
    // Nobody is known on the login page, so there is nothing to frame it with.
    let bare = Memo::new(move |_| path.with(|path| path == "/login"));
    view! {
        <div class="frame" class:frame-bare=bare>
            <a class="skip" href="#main" rel="external">
                {t::SKIP_TO_THE_PAGE}
            </a>
            {move || (!bare.get()).then(|| view! { <Rail /> })}
            {move || (!bare.get()).then(|| view! { <Top /> })}
            <main id="main" tabindex="-1">
                {children()}
            </main>
            <NoticeList />
        </div>
    }
    .into_any()
}

/// Header and banner, once the picture is there.
#[component]
fn Top() -> impl IntoView {
    let waiting = Waiting::here();
    view! {
        <Suspense fallback=|| view! { <div class="header"></div> }>
            {move || Suspend::new(async move {
                match waiting.ready().await {
                    Ok(()) => view! {
                        <Header />
                        <Down />
                    }
                    .into_any(),
                    // The page says what is wrong.
                    Err(_) => ().into_any(),
                }
            })}
        </Suspense>
    }
}

/// Says that nothing can start at the moment.
#[component]
fn Down() -> impl IntoView {
    let live = Live::here();
    move || {
        live.executor_down.get().map(|why| {
            view! {
                <div class="banner banner-bad" role="alert">
                    {icon(Icon::Lost)}
                    <p>
                        <strong>{t::JOBS_CANNOT_START}</strong>
                        {why}
                    </p>
                </div>
            }
        })
    }
}
