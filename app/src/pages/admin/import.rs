//! `/admin/import`: the sheet in which GPUs were booked, looked at row by row before anything is done.

mod choose;
mod columns;
mod do_it;
mod read_as;
mod rows;
mod sheet;

use berth_api::people::list_admins;
use berth_api::{ApiError, cluster};
use berth_domain::UserName;
use leptos::prelude::*;
use leptos_meta::Title;

use self::choose::ChoosePanel;
use self::do_it::DoIt;
use self::read_as::ReadAs;
use self::rows::Rows;
use self::sheet::Sheet;
use super::forbidden::Forbidden;
use crate::components::problem::ProblemView;
use crate::start::Waiting;
use crate::texts::{common, imports as t};

/// `None`: whoever looks is an admin; otherwise these are.
async fn ask() -> Result<Option<Vec<UserName>>, ApiError> {
    if cluster::whoami().await?.admin {
        return Ok(None);
    }
    Ok(Some(list_admins().await?.admins))
}

#[component]
pub fn ImportPage() -> impl IntoView {
    let waiting = Waiting::here();
    let others = Resource::new_blocking(|| (), |()| ask());
    view! {
        <Title text=t::FROM_A_SPREADSHEET />
        <div class="page import-page">
            <p class="import-back">
                <a href="/admin">{common::ADMIN}</a>
            </p>
            <h1>{t::FROM_A_SPREADSHEET}</h1>
            <Suspense>
                {move || Suspend::new(async move {
                    let others = match waiting.ready().await {
                        Ok(()) => others.await,
                        Err(error) => Err(error),
                    };
                    match others {
                        Ok(None) => view! { <All /> }.into_any(),
                        Ok(Some(admins)) => view! { <Forbidden admins /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn All() -> impl IntoView {
    let sheet = Sheet::new();
    let read = Memo::new(move |_| sheet.is_read());
    view! {
        <p class="import-told">{t::TOLD}</p>
        <ChoosePanel sheet />
        {move || read.get().then(|| view! {
            <ReadAs sheet />
            <section class="panel" aria-labelledby="import-rows">
                <h2 id="import-rows">{t::ROWS}</h2>
                <DoIt sheet />
                <Rows sheet />
            </section>
        })}
    }
    .into_any()
}
