//! Pages that the browser loads when they are visited, in parts of the wasm (scripts/site splits it).
//! The dashboard is where most begin: it is in the part that is always loaded. Pages that people go
//! back and forth between share a part: what any two parts have in common is a file of its own.

use berth_api::alerts::AlertView;
use berth_api::{ApiError, ErrorCode};
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_meta::Title;
use leptos_router::LazyRoute;

use super::admin::AdminPage;
use super::admin::audit::AuditPage;
use super::admin::import::ImportPage;
use super::agent::AgentPage;
use super::agent::ask::AskPage;
use super::agent::campaigns::CampaignsPage;
use super::agent::campaigns::report::CampaignPage;
use super::alerts::AlertsPage;
use super::cluster::ClusterPage;
use super::history::HistoryPage;
use super::job::JobPage;
use super::jobs::JobsPage;
use super::login::LoginPage;
use super::projects::ProjectsPage;
use super::queue::QueuePage;
use super::settings::SettingsPage;
use super::styleguide::StyleguidePage;
use super::submit::SubmitPage;
use super::timeline::TimelinePage;
use crate::components::alert_card::AlertCard;
use crate::components::problem::ProblemView;
use crate::texts::frame as t;

/// `page!(part, ready, made, Route, Page)`: what a route shows. `ready` loads the part alone.
///
/// The page that one leaves stays whole until the next one's part is there: the router waits for it
/// before it ends anything of the old one.
macro_rules! page {
    ($part:ident, $ready:ident, $made:ident, $route:ident, $page:ident) => {
        #[wasm_split($part, wasm_split_path = leptos::wasm_split, preload($ready), fallible)]
        fn $made() -> Result<AnyView, SplitLoaderError> {
            Ok(view! { <$page /> }.into_any())
        }

        #[derive(Clone, Copy, Debug)]
        pub struct $route;

        impl LazyRoute for $route {
            fn data() -> Self {
                $route
            }

            async fn view(_: Self) -> AnyView {
                $made().await.unwrap_or_else(|_| not_loaded())
            }
        }
    };
}

page!(jobs, jobs_ready, jobs_made, Jobs, JobsPage);
page!(jobs, job_ready, job_made, Job, JobPage);
page!(jobs, submit_ready, submit_made, Submit, SubmitPage);
page!(queue, queue_ready, queue_made, Queue, QueuePage);
page!(queue, timeline_ready, timeline_made, Timeline, TimelinePage);
page!(history, history_ready, history_made, History, HistoryPage);
page!(cluster, cluster_ready, cluster_made, Cluster, ClusterPage);
page!(cluster, alerts_ready, alerts_made, Alerts, AlertsPage);
page!(
    cluster,
    settings_ready,
    settings_made,
    Settings,
    SettingsPage
);
page!(cluster, login_ready, login_made, Login, LoginPage);
page!(admin, admin_ready, admin_made, Admin, AdminPage);
page!(admin, audit_ready, audit_made, Audit, AuditPage);
page!(admin, import_ready, import_made, Import, ImportPage);
page!(admin, projects_ready, projects_made, Projects, ProjectsPage);
page!(agent, agent_ready, agent_made, Agent, AgentPage);
page!(agent, ask_ready, ask_made, Ask, AskPage);
page!(
    agent,
    campaigns_ready,
    campaigns_made,
    Campaigns,
    CampaignsPage
);
page!(agent, campaign_ready, campaign_made, Campaign, CampaignPage);
page!(
    styleguide,
    styleguide_ready,
    styleguide_made,
    Styleguide,
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
        (Some("agent"), Some("ask")) => ask_ready().await,
        (Some("agent"), Some("campaigns")) => match parts.next() {
            None => campaigns_ready().await,
            Some(_) => campaign_ready().await,
        },
        (Some("agent"), _) => agent_ready().await,
        (Some("alerts"), _) => alerts_ready().await,
        (Some("settings"), _) => settings_ready().await,
        (Some("admin"), None) => admin_ready().await,
        (Some("admin"), Some("audit")) => audit_ready().await,
        (Some("admin"), Some(_)) => import_ready().await,
        (Some("projects"), _) => projects_ready().await,
        (Some("login"), _) => login_ready().await,
        (Some("styleguide"), _) => styleguide_ready().await,
        _ => Ok(()),
    }
}
