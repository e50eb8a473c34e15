//! `/login`: how to get in.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::copy::CopyLine;
use crate::components::rail::Mark;

#[component]
pub fn LoginPage() -> impl IntoView {
    let error = use_query_map().with_untracked(|query| query.get("error"));
    let bad = error.is_some();
    view! {
        <Title text="Log in" />
        <section class="login">
            <p class="login-mark">
                <Mark />
            </p>
            <h1>"Log in to Berth"</h1>
            {error.map(|error| view! {
                <p class="banner banner-bad" role="alert" id="login-problem">
                    {error}
                </p>
            })}
            <p>"Open the one-time link that an admin sent you, or that the server printed when it started. For a new one ask an admin, or run on its host:"</p>
            <CopyLine text="berth-server login-link" what="command" />
            <form method="post" action="/login" class="login-form">
                <label for="token">"Or paste a token"</label>
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
                <button class="button button-main">"Log in"</button>
            </form>
            <p class="hint">
                "On the server's host the file cli.token in the data folder holds one."
            </p>
        </section>
    }
    .into_any()
}
