//! One's API tokens: which there are, making one, and ending one.

use berth_api::tokens::{
    NewTokenArg, TokenArg, TokenView, create_token, list_tokens, revoke_token,
};
use berth_domain::Role;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::confirm::{Ask, Confirm};
use crate::components::copy::CopyLine;
use crate::components::moment::Moment;
use crate::components::problem::ProblemView;
use crate::notice::Notices;
use crate::texts::settings as t;

/// How long a token can be made for, and what is sent for it.
const LASTS: [(&str, &str); 4] = [
    ("30d", t::A_MONTH),
    ("90d", t::THREE_MONTHS),
    ("365d", t::A_YEAR),
    ("", t::UNTIL_REVOKED),
];

#[component]
pub(super) fn TokensPanel() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_tokens(None));
    view! {
        <section class="panel" aria-labelledby="tokens-title">
            <h2 id="tokens-title">{t::TOKENS}</h2>
            <p class="quiet">
                {t::TOKENS_TOLD} " " <a href="/docs/api" rel="external">{t::API_DOCS}</a>
            </p>
            <Suspense>
                {move || Suspend::new(async move {
                    match found.await {
                        Ok(found) => view! { <Tokens found=found.tokens /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </section>
    }
    .into_any()
}

#[component]
fn Tokens(found: Vec<TokenView>) -> impl IntoView {
    let all = RwSignal::new(found);
    let made = RwSignal::new(None::<String>);
    view! {
        <MakeForm all made />
        <div role="status">{move || made.get().map(shown)}</div>
        {move || match all.get() {
            tokens if tokens.is_empty() => view! { <p class="quiet">{t::NO_TOKEN}</p> }.into_any(),
            tokens => table(tokens, all),
        }}
    }
    .into_any()
}

/// The only time that it can be seen.
fn shown(secret: String) -> AnyView {
    let line = format!("export BERTH_TOKEN={secret}");
    view! {
        <div class="link-made">
            <p>{t::TOKEN_MADE}</p>
            <CopyLine text=line what=t::COPY_TOKEN />
        </div>
    }
    .into_any()
}

#[component]
fn MakeForm(all: RwSignal<Vec<TokenView>>, made: RwSignal<Option<String>>) -> impl IntoView {
    let notices = Notices::here();
    let label = NodeRef::<html::Input>::new();
    let (lasts, role) = (
        NodeRef::<html::Select>::new(),
        NodeRef::<html::Select>::new(),
    );
    let problem = RwSignal::new(None::<String>);
    let sending = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(label), Some(lasts), Some(role)) = (
            label.get_untracked(),
            lasts.get_untracked(),
            role.get_untracked(),
        ) else {
            return;
        };
        if sending.get_untracked() {
            return;
        }
        let arg = NewTokenArg {
            label: label.value(),
            lasts: Some(lasts.value()).filter(|lasts| !lasts.is_empty()),
            role: Role::named(&role.value()),
        };
        sending.set(true);
        spawn_local(async move {
            match create_token(arg).await {
                Ok(new) => {
                    problem.try_set(None);
                    made.try_set(Some(new.token));
                    all.try_set(new.tokens);
                    label.set_value("");
                }
                Err(error) if error.field() == Some("label") => {
                    problem.try_set(Some(error.to_string()));
                }
                Err(error) => notices.refuse(&error),
            }
            sending.try_set(false);
        });
    };
    let bad = move || problem.with(Option::is_some).then_some("true");
    let lasting = LASTS.map(|(value, word)| {
        view! { <option value=value selected={value == "90d"}>{word}</option> }
    });
    view! {
        <form class="token-form" method="post" action="/forms/token" on:submit=submit>
            <div class="field" class:field-bad=move || problem.with(Option::is_some)>
                <label for="token-label">{t::WHAT_FOR}</label>
                <input
                    class="input"
                    id="token-label"
                    name="label"
                    required
                    maxlength="100"
                    autocomplete="off"
                    placeholder=t::FOR_EXAMPLE
                    node_ref=label
                    aria-describedby="token-problem"
                    aria-invalid=bad
                />
            </div>
            <div class="field">
                <label for="token-lasts">{t::GOOD_FOR}</label>
                <select class="input" id="token-lasts" name="lasts" node_ref=lasts>
                    {lasting.collect_view()}
                </select>
            </div>
            <div class="field">
                <label for="token-role">{t::TOKEN_MAY}</label>
                <select class="input" id="token-role" name="role" node_ref=role>
                    <option value="">{t::ALL_THAT_I_MAY}</option>
                    <option value=Role::Viewer.as_str()>{t::ONLY_READ}</option>
                </select>
            </div>
            <button class="button button-main" disabled=sending>{t::MAKE_TOKEN}</button>
            <p class="field-problem" id="token-problem" aria-live="polite">{move || problem.get()}</p>
        </form>
    }
    .into_any()
}

fn table(tokens: Vec<TokenView>, all: RwSignal<Vec<TokenView>>) -> AnyView {
    let rows: Vec<AnyView> = tokens.into_iter().map(|token| row(token, all)).collect();
    view! {
        <table class="tokens">
            <caption class="visually-hidden">{t::TOKENS}</caption>
            <thead>
                <tr>
                    <th scope="col">{t::WHAT_FOR}</th>
                    <th scope="col">{t::TOKEN_MAY}</th>
                    <th scope="col">{t::MADE}</th>
                    <th scope="col">{t::EXPIRES}</th>
                    <th scope="col">{t::USED}</th>
                    <th scope="col"><span class="visually-hidden">{t::REVOKE}</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(token: TokenView, all: RwSignal<Vec<TokenView>>) -> AnyView {
    let may = token.role.map_or(t::ALL_THAT_I_MAY, |role| match role {
        Role::Viewer => t::ONLY_READ,
        other => other.as_str(),
    });
    let moment = |at: Option<_>, none: &'static str| match at {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => view! { <span class="quiet">{none}</span> }.into_any(),
    };
    let (expires, used) = (
        moment(token.expires, t::NEVER),
        moment(token.used, t::NEVER),
    );
    let (id, label, made) = (token.id.clone(), token.label.clone(), token.created);
    view! {
        <tr data-token=id>
            <th scope="row">{label}</th>
            <td>{may}</td>
            <td data-said=t::SAID_MADE><Moment at=made /></td>
            <td data-said=t::SAID_EXPIRES>{expires}</td>
            <td data-said=t::SAID_USED>{used}</td>
            <td>{revoke_button(token, all)}</td>
        </tr>
    }
    .into_any()
}

fn revoke_button(token: TokenView, all: RwSignal<Vec<TokenView>>) -> AnyView {
    let (notices, confirm) = (Notices::here(), Confirm::here());
    let (id, label) = (token.id, token.label);
    let (value, name) = (id.clone(), t::revoke_of(&label));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let question = Ask {
            title: t::revoke_asked(&label),
            text: t::REVOKE_TOLD.to_owned(),
            verb: t::REVOKE,
        };
        let id = id.clone();
        let revoke = move |()| {
            let id = id.clone();
            spawn_local(async move {
                match revoke_token(TokenArg { id }).await {
                    Ok(left) => {
                        all.try_set(left.tokens);
                        notices.say(t::REVOKED);
                    }
                    Err(error) => notices.refuse(&error),
                }
            });
        };
        confirm.ask(question, Callback::new(revoke));
    };
    view! {
        <form method="post" action="/forms/revoke-token" on:submit=submit>
            <input type="hidden" name="id" value=value />
            <button class="button button-small button-bad-quiet" aria-label=name>{t::REVOKE}</button>
        </form>
    }
    .into_any()
}
