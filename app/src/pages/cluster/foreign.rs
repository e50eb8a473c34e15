//! Processes that use a GPU outside its lease, and making a job of one. A plain form; with script the
//! page stays.

use berth_api::alerts::{AdoptArg, adopt};
use berth_domain::{ForeignProcess, NodeName, UserName};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::icons::{Icon, icon};
use crate::live::Live;
use crate::notice::Notices;
use crate::texts::{cluster as t, gpus};

pub(super) fn list(node: &NodeName, processes: Vec<ForeignProcess>) -> AnyView {
    let each = processes.into_iter().map(|process| one(node, process));
    each.collect_view().into_any()
}

fn one(node: &NodeName, process: ForeignProcess) -> AnyView {
    let note = match (&process.of, process.ignored) {
        (Some(attempt), _) => t::left_behind(attempt.job),
        (None, true) => t::IGNORED.to_owned(),
        (None, false) => t::NOT_LEASED.to_owned(),
    };
    let live = Live::here();
    let user = process.user.as_deref().map(UserName::from);
    let may = process.of.is_none() && (live.is_admin() || live.is_me(user.as_ref()));
    let button = may.then(|| adopt_button(node, process.pid));
    view! {
        <div class="stranger">
            <span class="badge badge-foreign">{icon(Icon::Lost)} {gpus::FOREIGN}</span>
            <span class="stranger-words">
                {process.words()} " " <span class="quiet">{note}</span>
            </span>
            {button}
        </div>
    }
    .into_any()
}

fn adopt_button(node: &NodeName, pid: u32) -> AnyView {
    let notices = Notices::here();
    let name = node.to_string();
    let of_form = name.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let body = AdoptArg {
            node: name.clone(),
            pid,
            ..AdoptArg::default()
        };
        spawn_local(async move {
            match adopt(body).await {
                Ok(answer) => notices.say(t::process_is_job(pid, answer.job.id)),
                Err(error) => notices.refuse(&error),
            }
        });
    };
    view! {
        <form method="post" action="/forms/adopt" on:submit=submit>
            <input type="hidden" name="node" value=of_form />
            <input type="hidden" name="pid" value=pid.to_string() />
            <button class="button button-small" aria-label=t::adopt_process(pid)>
                {t::ADOPT}
            </button>
        </form>
    }
    .into_any()
}
