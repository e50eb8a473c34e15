//! One's password: set, and changed, by a plain form.

use berth_api::logins::{LoginView, my_login};
use leptos::prelude::*;

use crate::components::problem::ProblemView;
use crate::texts::settings as t;

#[component]
pub(super) fn PasswordPanel() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| my_login());
    view! {
        <section class="panel" aria-labelledby="password-title">
            <h2 id="password-title">{t::PASSWORD}</h2>
            <Suspense>
                {move || Suspend::new(async move {
                    match found.await {
                        Ok(LoginView { can_set: false, .. }) => {
                            view! { <p class="quiet">{t::COME_BY_A_LINK}</p> }.into_any()
                        }
                        Ok(now) => form(now),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </section>
    }
    .into_any()
}

fn form(now: LoginView) -> AnyView {
    let told = match now.has_password {
        true => t::PASSWORD_CHANGE_TOLD,
        false => t::PASSWORD_SET_TOLD,
    };
    let word = match now.has_password {
        true => t::CHANGE_PASSWORD,
        false => t::SET_PASSWORD,
    };
    let old = now
        .asks_old
        .then(|| field("old", t::OLD_PASSWORD, "current-password"));
    view! {
        <p class="quiet">{told}</p>
        <form class="password-form" method="post" action="/forms/password">
            {old}
            {field("new", t::NEW_PASSWORD, "new-password")}
            {field("again", t::NEW_PASSWORD_AGAIN, "new-password")}
            <button class="button button-main">{word}</button>
        </form>
    }
    .into_any()
}

fn field(name: &'static str, label: &'static str, fills: &'static str) -> AnyView {
    let id = format!("password-{name}");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input class="input" type="password" id=id name=name required autocomplete=fills />
        </div>
    }
    .into_any()
}
