//! `/login`: how to get in.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::copy::CopyLine;
use crate::components::rail::Mark;
use crate::texts::{common, frame as t};

#[component]
pub fn LoginPage() -> impl IntoView {
    let error = use_query_map().with_untracked(|query| query.get("error"));
    let bad = error.is_some();
    view! {
        <Title text=t::LOG_IN />
        <section class="login">
            <p class="login-mark">
                <Mark />
            </p>
            <h1>{t::LOG_IN_TO_BERTH}</h1>
            {error.map(|error| view! {
                <p class="banner banner-bad" role="alert" id="login-problem">
                    {error}
                </p>
            })}
            <p>{t::OPEN_THE_LINK}</p>
            <CopyLine text="berth-server login-link" what=common::COPY_COMMAND />
            <form method="post" action="/login" class="login-form">
                <label for="token">{t::OR_PASTE_A_TOKEN}</label>
                <input
                    class="input input-code"
                    type="password"
                    id="token"
                    name="token"
                    required
                    autocomplete="current-password"
                    aria-invalid=bad.then_some("true")
                    aria-describedby=bad.then_some("login-problem")
                />
                <button class="button button-main">{t::LOG_IN}</button>
            </form>
            <p class="hint">
                {t::CLI_TOKEN}
            </p>
        </section>
    }
    .into_any()
}
