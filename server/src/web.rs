//! Routes.

pub mod answer;
mod api;
mod ask;
mod audit_file;
pub mod caller;
pub mod docs;
mod figures;
mod forms;
mod live;
mod mcp;
mod metrics;
mod node;
mod packages;
mod pages;
mod planning;
mod raw_file;
mod raw_log;
pub mod site;

use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::{any, get, post};
use axum::{Router, middleware};
use berth_api::context::ApiState;
use berth_chat::Endpoints;
use berth_store::Store;
use leptos::config::LeptosOptions;
use tower::util::option_layer;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_sessions::SessionManagerLayer;
use tower_sessions::cookie::SameSite;

use crate::identity::login::Logins;
use crate::identity::{Sessions, guard, login, oidc, password};
use ask::Assistant;
use mcp::Mcp;
use site::Site;

/// A page that is not made by then will not be: whoever asks may ask again.
const PAGE_PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// What routes are given.
#[derive(Clone, Debug, FromRef)]
pub struct Web {
    pub api: ApiState,
    pub store: Store,
    pub logins: Logins,
    pub leptos: LeptosOptions,
    pub site: Site,
    pub mcp: Mcp,
    pub assistant: Assistant,
    /// In bytes, of an uploaded folder.
    #[from_ref(skip)]
    pub package_limit: u64,
}

/// `url` is what people reach the server by.
pub fn router(
    api: ApiState,
    logins: Logins,
    site: Site,
    models: Endpoints,
    url: &str,
    package_limit: u64,
) -> Router {
    let web = Web {
        mcp: Mcp::new(api.clone(), url),
        assistant: Assistant::new(models),
        api,
        store: logins.store.clone(),
        logins: logins.clone(),
        leptos: site.leptos_options(),
        site,
        package_limit,
    };
    let sessions = SessionManagerLayer::new(Sessions(logins.store.clone()))
        .with_name("berth_session")
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(url.starts_with("https://"))
        .with_expiry(login::LASTS);
    let header = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(
            axum::http::HeaderName::from_static(name),
            axum::http::HeaderValue::from_static(value),
        )
    };
    let guarded = Router::new()
        .route("/api/live", get(live::live))
        .route("/api/ask", post(ask::ask))
        .route(guard::NODES_DOOR, get(node::node))
        .route("/api/job_log/raw", get(raw_log::raw_log))
        .route("/api/planning", get(planning::planning))
        .route("/api/analytics/{file}", get(figures::file))
        .route("/api/audit/export", get(audit_file::file))
        .route("/api/job_files/raw", get(raw_file::raw_file))
        .route(berth_api::openapi::PATH, get(docs::document))
        .route(docs::PAGE, get(docs::page))
        .route("/api/{*verb}", any(api::call))
        // Its answers are streams: no time limit, and nothing compresses them (see `CompressionLayer`'s own
        // predicate).
        .route("/mcp", any(mcp::mcp))
        .merge(forms::routes())
        .route("/forms/password", post(password::set))
        .merge(doors(&logins))
        .route("/login/once/{secret}", get(login::once))
        .route("/logout", post(login::logout))
        .merge(pages::routes(&web).layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            PAGE_PATIENCE,
        )))
        .fallback(pages::fallback)
        .layer(RequestBodyLimitLayer::new(api::LARGEST_READ))
        // Beside the limit of all others: it counts for itself.
        .route("/api/packages/{sha256}", packages::route())
        // Of what is no page: nothing in it runs.
        .layer(header(
            "content-security-policy",
            "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
        ))
        .layer(middleware::from_fn_with_state(logins, guard::guard))
        .layer(sessions);
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(metrics::metrics))
        // Old browsers ask for this name whatever the page says.
        .route(
            "/favicon.ico",
            get(async || Redirect::permanent("/favicon.svg")),
        )
        .nest_service("/pkg", web.site.pkg_service())
        .merge(guarded)
        .route_layer(middleware::from_fn(metrics::count))
        .with_state(web)
        .layer(
            CompressionLayer::new()
                .br(false)
                .quality(CompressionLevel::Fastest),
        )
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("x-frame-options", "DENY"))
        .layer(header("referrer-policy", "same-origin"))
        .layer(option_layer(url.starts_with("https://").then(|| {
            header("strict-transport-security", "max-age=63072000")
        })))
}

/// By which something secret is tried, at a person's pace.
fn doors(logins: &Logins) -> Router<Web> {
    Router::new()
        .route("/login", post(login::with_token))
        .route("/login/password", post(password::log_in))
        .route("/login/oidc", get(oidc::begin))
        .route("/login/oidc/back", get(oidc::come_back))
        .route_layer(middleware::from_fn_with_state(logins.clone(), login::paced))
}
