//! The header: the cluster in one line, whether the page is live, and who looks.

use leptos::prelude::*;

use super::palette::PaletteButton;
use super::theme_switch::ThemeSwitch;
use crate::format;
use crate::icons::{Icon, icon};
use crate::live::{Link, Live};
use crate::texts::frame as t;

#[component]
pub fn Header() -> impl IntoView {
    let live = Live::here();
    let allocated = move || live.totals.with(|totals| (totals.allocated, totals.gpus));
    let busy = move || {
        live.totals
            .with(|totals| totals.busy_pct.map(format::percent))
    };
    let working = Memo::new(move |_| live.totals.with(|totals| totals.working_pct));
    view! {
        <header class="header" data-live=move || live.link.get().as_str()>
            <p class="header-cluster">
                <span>
                    <b class="num">{move || allocated().0} "/" {move || allocated().1}</b>
                    {t::COUNT_ALLOCATED}
                </span>
                <span>
                    <b class="num">{move || busy().unwrap_or_else(|| "—".to_owned())} "%"</b>
                    {t::COUNT_BUSY}
                </span>
                {move || working.get().map(|working| view! {
                    <span class="header-counts">
                        <b class="num">{format::percent(working)} "%"</b>
                        {t::COUNT_WORKING}
                    </span>
                })}
                <span class="header-counts">
                    <b class="num">{move || live.counts.with(|counts| counts.queued)}</b>
                    {t::COUNT_QUEUED}
                </span>
                {move || live.simulated.get().then(|| view! {
                    <strong
                        class="simulated"
                        title=t::SIMULATED_TOLD
                    >
                        {t::SIMULATED}
                    </strong>
                })}
            </p>
            <div class="header-end">
                <PaletteButton />
                <LinkState />
                <ThemeSwitch />
                <span class="header-user">
                    {move || live.who.with(|who| who.as_ref().map(|who| who.user.0.clone()))}
                </span>
                <form method="post" action="/logout">
                    <button class="button button-quiet button-icon" aria-label=t::LOG_OUT title=t::LOG_OUT>
                        {icon(Icon::LogOut)}
                    </button>
                </form>
            </div>
        </header>
    }
    .into_any()
}

/// Whether what is shown is true at the moment, in a word.
#[component]
fn LinkState() -> impl IntoView {
    let live = Live::here();
    let told = move || match live.link.get() {
        Link::Live => t::LINK_LIVE,
        Link::Stale => t::LINK_STALE,
        Link::Offline => t::LINK_OFFLINE,
    };
    view! {
        <span class=move || format!("link link-{}", live.link.get().as_str()) title=told role="status">
            {move || live.link.get().as_str()}
        </span>
    }
}
