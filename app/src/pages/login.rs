//! `/login`: how to get in.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::copy::CopyLine;
use crate::components::rail::Mark;
use crate::texts::{common, frame as t};

/// What single sign-on is called here; the server provides it where there is one.
#[derive(Clone, Debug, Default)]
pub struct SsoName(pub Option<String>);

#[component]
pub fn LoginPage() -> impl IntoView {
    let error = use_query_map().with_untracked(|query| query.get("error"));
    let bad = error.is_some();
    let said_by = bad.then_some("login-problem");
    // Nobody who is not logged in can ask for it, so it comes with the page.
    let sso = SharedValue::new(|| use_context::<SsoName>().unwrap_or_default().0).into_inner();
    // What most people use stands out.
    let button = if sso.is_some() {
        "button"
    } else {
        "button button-main"
    };
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
            {sso.map(|name| view! {
                <a class="button button-main login-sso" href="/login/oidc" rel="external">
                    {t::log_in_with(&name)}
                </a>
            })}
            <form method="post" action="/login/password" class="login-form">
                <label for="user">{t::USER_NAME}</label>
                <input
                    class="input"
                    id="user"
                    name="user"
                    required
                    autocomplete="username"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-describedby=said_by
                />
                <label for="password">{t::PASSWORD}</label>
                <input
                    class="input"
                    type="password"
                    id="password"
                    name="password"
                    required
                    autocomplete="current-password"
                    aria-describedby=said_by
                />
                <button class=button>{t::LOG_IN}</button>
            </form>
            <h2 class="login-more">{t::OTHER_WAYS}</h2>
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
                    autocomplete="off"
                    aria-describedby=said_by
                />
                <button class="button">{t::USE_TOKEN}</button>
            </form>
            <p class="hint">
                {t::CLI_TOKEN}
            </p>
        </section>
    }
    .into_any()
}
