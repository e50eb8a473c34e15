//! Pages that the browser loads when they are visited, in parts of the wasm (scripts/site splits it).
//! The dashboard is where most begin: it is in the part that is always loaded. Pages that people go
//! back and forth between share a part: what any two parts have in common is a file of its own.

use berth_api::alerts::AlertView;
use berth_api::{ApiError, ErrorCode};
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_meta::Title;

use super::admin::AdminPage;
use super::agent::AgentPage;
use super::alerts::AlertsPage;
use super::cluster::ClusterPage;
use super::history::HistoryPage;
use super::job::JobPage;
use super::jobs::JobsPage;
use super::login::LoginPage;
use super::queue::QueuePage;
use super::settings::SettingsPage;
use super::styleguide::StyleguidePage;
use super::submit::SubmitPage;
use super::timeline::TimelinePage;
use crate::components::alert_card::AlertCard;
use crate::components::problem::ProblemView;
use crate::texts::frame as t;

/// `page!(part, ready, made, view, Page)`: what a route shows: the page, once its part is there. `ready`
/// loads the part alone.
macro_rules! page {
    ($part:ident, $ready:ident, $made:ident, $view:ident, $page:ident) => {
        #[wasm_split($part, wasm_split_path = leptos::wasm_split, preload($ready), fallible)]
        fn $made() -> Result<AnyView, SplitLoaderError> {
            Ok(view! { <$page /> }.into_any())
        }

        pub fn $view() -> impl IntoView {
            Suspend::new(async { $made().await.unwrap_or_else(|_| not_loaded()) }).into_any()
        }
    };
}

page!(jobs, jobs_ready, jobs_made, jobs, JobsPage);
page!(jobs, job_ready, job_made, job, JobPage);
page!(jobs, submit_ready, submit_made, submit, SubmitPage);
page!(queue, queue_ready, queue_made, queue, QueuePage);
page!(queue, timeline_ready, timeline_made, timeline, TimelinePage);
page!(history, history_ready, history_made, history, HistoryPage);
page!(cluster, cluster_ready, cluster_made, cluster, ClusterPage);
page!(cluster, alerts_ready, alerts_made, alerts, AlertsPage);
page!(
    cluster,
    settings_ready,
    settings_made,
    settings,
    SettingsPage
);
page!(cluster, login_ready, login_made, login, LoginPage);
page!(admin, admin_ready, admin_made, admin, AdminPage);
page!(agent, agent_ready, agent_made, agent, AgentPage);
page!(
    styleguide,
    styleguide_ready,
    styleguide_made,
    styleguide,
    StyleguidePage
);

/// The answers to an alert, which the dashboard opens in place.
#[wasm_split(cluster, wasm_split_path = leptos::wasm_split, fallible)]
fn card_made(alert: AlertView) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <AlertCard alert /> }.into_any())
}

pub fn alert_card(alert: AlertView) -> AnyView {
    let made = async { card_made(alert).await.unwrap_or_else(|_| not_loaded()) };
    Suspend::new(made).into_any()
}

/// The server is away, or has another version by now.
fn not_loaded() -> AnyView {
    let error = ApiError::new(ErrorCode::Unreachable, t::PAGE_NOT_LOADED);
    view! {
        <Title text=t::NOT_LOADED />
        <ProblemView error />
    }
    .into_any()
}

/// Loads what the page at this path needs, so that it can be taken over at once.
///
/// # Errors
/// When that cannot be loaded: the page is best left as the server sent it.
#[cfg(feature = "hydrate")]
pub async fn load(path: &str) -> Result<(), SplitLoaderError> {
    let mut parts = path.trim_matches('/').split('/');
    match (parts.next(), parts.next()) {
        (Some("jobs"), None) => jobs_ready().await,
        (Some("jobs"), Some(_)) => job_ready().await,
        (Some("submit"), _) => submit_ready().await,
        (Some("queue"), _) => queue_ready().await,
        (Some("timeline"), _) => timeline_ready().await,
        (Some("history"), _) => history_ready().await,
        (Some("cluster"), _) => cluster_ready().await,
        (Some("agent"), _) => agent_ready().await,
        (Some("alerts"), _) => alerts_ready().await,
        (Some("settings"), _) => settings_ready().await,
        (Some("admin"), _) => admin_ready().await,
        (Some("login"), _) => login_ready().await,
        (Some("styleguide"), _) => styleguide_ready().await,
        _ => Ok(()),
    }
}
