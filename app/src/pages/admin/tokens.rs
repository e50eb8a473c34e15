//! Which nodes' daemons have a token, and those that are here although their node is not.

use berth_api::node_tokens::{NodeTokenArg, NodeTokenView, NodeTokensAnswer, revoke_node_tokens};
use berth_api::views::UnknownDaemon;
use berth_domain::NodeName;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::confirm::{Ask, Confirm};
use crate::components::copy::CopyLine;
use crate::components::moment::Moment;
use crate::icons::{Icon, icon};
use crate::notice::Notices;
use crate::texts::{admin as t, common, units};

#[component]
pub(super) fn TokensPanel(tokens: NodeTokensAnswer) -> impl IntoView {
    let all = RwSignal::new(tokens);
    let strangers = move || {
        let all = all.read();
        all.unknown.iter().map(stranger).collect::<Vec<_>>()
    };
    view! {
        <section class="panel" aria-labelledby="tokens-title">
            <h2 id="tokens-title">{t::TOKENS}</h2>
            {strangers}
            {move || match all.with(|all| all.tokens.clone()) {
                tokens if tokens.is_empty() => none(),
                tokens => table(tokens, all),
            }}
        </section>
    }
    .into_any()
}

fn none() -> AnyView {
    view! {
        <p class="quiet">
            {t::NO_NODE_HAS_ONE}
        </p>
        <CopyLine text="berth-server node-token NODE" what=common::COPY_COMMAND />
    }
    .into_any()
}

fn table(tokens: Vec<NodeTokenView>, all: RwSignal<NodeTokensAnswer>) -> AnyView {
    let rows: Vec<AnyView> = tokens.into_iter().map(|token| row(token, all)).collect();
    view! {
        <table class="node-tokens">
            <caption class="visually-hidden">{t::TOKENS}</caption>
            <thead>
                <tr>
                    <th scope="col">{t::NODE}</th>
                    <th scope="col">{t::DAEMON}</th>
                    <th scope="col">{t::MADE}</th>
                    <th scope="col">{t::SHUT_OUT}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(token: NodeTokenView, all: RwSignal<NodeTokensAnswer>) -> AnyView {
    let (class, which, word) = if token.connected {
        ("badge badge-ok", Icon::Succeeded, t::CONNECTED)
    } else {
        ("badge badge-idle", Icon::Lost, t::NOT_HERE)
    };
    let node = token.node.to_string();
    view! {
        <tr data-token-of=node>
            <th scope="row">{token.node.to_string()}</th>
            <td><span class=class>{icon(which)} {word}</span></td>
            <td><Moment at=token.created /> <span class="quiet">{t::MADE_BY} {token.by.0}</span></td>
            <td>{revoke_button(token.node, all)}</td>
        </tr>
    }
    .into_any()
}

fn revoke_button(node: NodeName, all: RwSignal<NodeTokensAnswer>) -> AnyView {
    let (notices, confirm) = (Notices::here(), Confirm::here());
    let value = node.to_string();
    let label = t::revoke_tokens(&node);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let node = node.to_string();
        let question = Ask {
            title: t::revoke_asked(&node),
            text: t::REVOKE_TOLD.to_owned(),
            verb: t::REVOKE,
        };
        let revoke = move |()| {
            let node = node.clone();
            spawn_local(async move {
                let done = t::has_no_token(&node);
                match revoke_node_tokens(NodeTokenArg { node }).await {
                    Ok(left) => {
                        all.try_set(left);
                        notices.say(done);
                    }
                    Err(error) => notices.refuse(&error),
                }
            });
        };
        confirm.ask(question, Callback::new(revoke));
    };
    view! {
        <form method="post" action="/forms/node-token" on:submit=submit>
            <input type="hidden" name="node" value=value />
            <button class="button button-small button-bad-quiet" aria-label=label>{t::REVOKE}</button>
        </form>
    }
    .into_any()
}

fn stranger(daemon: &UnknownDaemon) -> AnyView {
    let text = t::unknown_daemon(&daemon.name, &daemon.version, &units::gpus(daemon.gpus));
    view! { <p class="trouble">{icon(Icon::Lost)} <span>{text}</span></p> }.into_any()
}
