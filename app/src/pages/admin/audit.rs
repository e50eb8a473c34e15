//! `/admin/audit`: who did what. Admins see everybody's acts, everybody else their own. What is shown is in
//! the address; the form is a plain one.

mod line;
mod query;

use berth_api::audit::{AuditAnswer, audit};
use berth_api::{ApiError, cluster};
use berth_domain::audit::DoorKind;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use self::line::line;
use self::query::Wanted;
use crate::components::empty::Empty;
use crate::components::problem::ProblemView;
use crate::start::Waiting;
use crate::texts::{audit as t, common, jobs};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    admin: bool,
    found: Result<AuditAnswer, ApiError>,
}

async fn ask(wanted: Wanted) -> Result<Seen, ApiError> {
    let me = cluster::whoami().await?;
    let own = (!me.admin).then(|| me.user.to_string());
    let found = audit(wanted.asked(own)).await;
    Ok(Seen {
        admin: me.admin,
        found,
    })
}

#[component]
pub fn AuditPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let wanted = Memo::new(move |_| query.with(Wanted::from_query));
    let seen = Resource::new_blocking(move || wanted.get(), ask);
    view! {
        <Title text=t::AUDIT />
        <div class="page audit">
            <p class="import-back">
                <a href="/admin">{common::ADMIN}</a>
            </p>
            <h1>{t::AUDIT}</h1>
            <Suspense>
                {move || Suspend::new(async move {
                    let seen = match waiting.ready().await {
                        Ok(()) => seen.await,
                        Err(error) => Err(error),
                    };
                    match seen {
                        Ok(seen) => all(seen, &wanted.get_untracked()),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

fn all(seen: Seen, wanted: &Wanted) -> AnyView {
    let told = if seen.admin { t::TOLD } else { t::OWN_TOLD };
    let found = match seen.found {
        Ok(found) => entries(found, wanted),
        Err(error) => {
            view! { <p class="banner banner-bad" role="alert">{error.to_string()}</p> }.into_any()
        }
    };
    view! {
        <p class="quiet">{told}</p>
        {form(wanted, seen.admin)}
        {found}
    }
    .into_any()
}

fn form(wanted: &Wanted, admin: bool) -> AnyView {
    let text = |name: &'static str, label: &'static str, value: &str, example: &'static str| {
        let id = format!("audit-{name}");
        view! {
            <div class="field">
                <label for=id.clone()>{label}</label>
                <input
                    class="input"
                    id=id
                    name=name
                    value=value.to_owned()
                    placeholder=example
                    autocomplete="off"
                    spellcheck="false"
                />
            </div>
        }
        .into_any()
    };
    let who = admin.then(|| text("user", t::WHO, &wanted.user, t::ANYBODY));
    let doors = DoorKind::ALL.map(|door| {
        let word = door.as_str();
        view! { <option value=word selected={wanted.door == word}>{word}</option> }
    });
    let came = [("", t::EITHER), ("no", t::DONE), ("yes", t::REFUSED)].map(|(value, word)| {
        view! { <option value=value selected={wanted.refused == value}>{word}</option> }
    });
    view! {
        <form class="filter audit-filter" method="get" action="/admin/audit">
            {who}
            {text("act", t::ACT, &wanted.act, "cancel")}
            {text("subject", t::SUBJECT, &wanted.subject, t::SUBJECT_EXAMPLE)}
            {text("since", t::SINCE, &wanted.since, t::SINCE_EXAMPLE)}
            <div class="field">
                <label for="audit-door">{t::DOOR}</label>
                <select class="input" id="audit-door" name="door">
                    <option value="">{t::ANY_DOOR}</option>
                    {doors.collect_view()}
                </select>
            </div>
            <div class="field">
                <label for="audit-refused">{t::CAME_OUT}</label>
                <select class="input" id="audit-refused" name="refused">
                    {came.collect_view()}
                </select>
            </div>
            <button class="button button-main">{t::SHOW}</button>
        </form>
    }
    .into_any()
}

fn entries(found: AuditAnswer, wanted: &Wanted) -> AnyView {
    if found.entries.is_empty() {
        return view! { <Empty text=t::NOTHING /> }.into_any();
    }
    let file = |format| format!("/api/audit/export?format={format}&{}", wanted.query(None));
    let newest = (!wanted.before.is_empty()).then(|| {
        view! { <a class="button" href=wanted.address(None)>{t::NEWEST}</a> }
    });
    let older = found.next.map(|next| {
        view! { <a class="button" href=wanted.address(Some(next)) rel="next">{t::OLDER}</a> }
    });
    let lines = found.entries.into_iter().map(line);
    view! {
        <section class="panel" aria-label=t::AUDIT>
            <table class="audit-table">
                <caption class="visually-hidden">{t::AUDIT}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t::WHEN}</th>
                        <th scope="col">{t::WHO}</th>
                        <th scope="col">{t::ACT}</th>
                        <th scope="col">{t::SUBJECT}</th>
                        <th scope="col">{t::FROM}</th>
                        <th scope="col">{t::WHAT}</th>
                    </tr>
                </thead>
                <tbody>{lines.collect_view()}</tbody>
            </table>
        </section>
        <nav class="pager" aria-label=jobs::PAGES>
            {newest}
            {older}
            <a class="button" href=file("csv") download rel="external">{t::AS_CSV}</a>
            <a class="button" href=file("jsonl") download rel="external">{t::AS_LINES}</a>
        </nav>
    }
    .into_any()
}
