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
use crate::format;
use crate::icons::{Icon, icon};
use crate::notice::Notices;

#[component]
pub(super) fn TokensPanel(tokens: NodeTokensAnswer) -> impl IntoView {
    let all = RwSignal::new(tokens);
    let strangers = move || {
        let all = all.read();
        all.unknown.iter().map(stranger).collect::<Vec<_>>()
    };
    view! {
        <section class="panel" aria-labelledby="tokens-title">
            <h2 id="tokens-title">"Tokens of nodes"</h2>
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
            "No node has one. With a token its daemon tells what the GPUs do, once a second. Make one \
             on the server's host:"
        </p>
        <CopyLine text="berth-server node-token NODE" what="command" />
    }
    .into_any()
}

fn table(tokens: Vec<NodeTokenView>, all: RwSignal<NodeTokensAnswer>) -> AnyView {
    let rows: Vec<AnyView> = tokens.into_iter().map(|token| row(token, all)).collect();
    view! {
        <table class="node-tokens">
            <caption class="visually-hidden">"Tokens of nodes"</caption>
            <thead>
                <tr>
                    <th scope="col">"Node"</th>
                    <th scope="col">"Daemon"</th>
                    <th scope="col">"Made"</th>
                    <th scope="col">"Shut out"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(token: NodeTokenView, all: RwSignal<NodeTokensAnswer>) -> AnyView {
    let (class, which, word) = if token.connected {
        ("badge badge-ok", Icon::Succeeded, "connected")
    } else {
        ("badge badge-idle", Icon::Lost, "not here")
    };
    let node = token.node.to_string();
    view! {
        <tr data-token-of=node>
            <th scope="row">{token.node.to_string()}</th>
            <td><span class=class>{icon(which)} {word}</span></td>
            <td><Moment at=token.created /> <span class="quiet">" by " {token.by.0}</span></td>
            <td>{revoke_button(token.node, all)}</td>
        </tr>
    }
    .into_any()
}

fn revoke_button(node: NodeName, all: RwSignal<NodeTokensAnswer>) -> AnyView {
    let (notices, confirm) = (Notices::here(), Confirm::here());
    let value = node.to_string();
    let label = format!("Revoke the tokens of {node}");
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let node = node.to_string();
        let question = Ask {
            title: format!("Revoke the tokens of {node}?"),
            text: "Its daemon is sent away within a minute and needs another token to come back. \
                   Jobs there go on."
                .to_owned(),
            verb: "Revoke",
        };
        let revoke = move |()| {
            let node = node.clone();
            spawn_local(async move {
                let done = format!("{node} has no token any more.");
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
            <button class="button button-small button-bad-quiet" aria-label=label>"Revoke"</button>
        </form>
    }
    .into_any()
}

fn stranger(daemon: &UnknownDaemon) -> AnyView {
    let text = format!(
        "The daemon of {} (Berth {}) tells of {} that are not part of this cluster. If \
         `berth nodes` calls the host otherwise, make a token for that name; else let the server use \
         the host, or revoke the token.",
        daemon.name,
        daemon.version,
        format::count(daemon.gpus, "GPU")
    );
    view! { <p class="trouble">{icon(Icon::Lost)} <span>{text}</span></p> }.into_any()
}
