//! Pages that the browser loads when they are visited, in parts of the wasm (scripts/site splits it).
//! The dashboard is where most begin: it is in the part that is always loaded. Pages that people go
//! back and forth between share a part: what any two parts have in common is a file of its own.

use leptos::prelude::*;

use super::alerts::AlertsPage;
use super::cluster::ClusterPage;
use super::history::HistoryPage;
use super::job::JobPage;
use super::jobs::JobsPage;
use super::login::LoginPage;
use super::queue::QueuePage;
use super::settings::SettingsPage;
use super::submit::SubmitPage;
use super::timeline::TimelinePage;

/// `page!(part, load, view, Page)`: what a route shows: the page, once its part is there.
macro_rules! page {
    ($part:ident, $load:ident, $view:ident, $page:ident) => {
        #[lazy($part)]
        fn $load() -> AnyView {
            view! { <$page /> }.into_any()
        }

        pub fn $view() -> impl IntoView {
            Suspend::new(async { $load().await }).into_any()
        }
    };
}

page!(jobs, load_jobs, jobs, JobsPage);
page!(jobs, load_job, job, JobPage);
page!(jobs, load_submit, submit, SubmitPage);
page!(queue, load_queue, queue, QueuePage);
page!(history, load_history, history, HistoryPage);
page!(queue, load_timeline, timeline, TimelinePage);
page!(cluster, load_cluster, cluster, ClusterPage);
page!(cluster, load_alerts, alerts, AlertsPage);
page!(cluster, load_settings, settings, SettingsPage);
page!(cluster, load_login, login, LoginPage);

/// Loads what the page at this path needs, so that it can be taken over at once.
#[cfg(feature = "hydrate")]
pub async fn load(path: &str) {
    let mut parts = path.trim_matches('/').split('/');
    match (parts.next(), parts.next()) {
        (Some("jobs"), None) => __preload_load_jobs().await,
        (Some("jobs"), Some(_)) => __preload_load_job().await,
        (Some("submit"), _) => __preload_load_submit().await,
        (Some("queue"), _) => __preload_load_queue().await,
        (Some("history"), _) => __preload_load_history().await,
        (Some("timeline"), _) => __preload_load_timeline().await,
        (Some("cluster"), _) => __preload_load_cluster().await,
        (Some("alerts"), _) => __preload_load_alerts().await,
        (Some("settings"), _) => __preload_load_settings().await,
        (Some("login"), _) => __preload_load_login().await,
        _ => {}
    }
}
