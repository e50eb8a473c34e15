//! `/mcp`: Berth for AI agents, as streamable HTTP of the Model Context Protocol. What they can do
//! is in [`berth_mcp`]; here is how their requests come in, and for whom. docs/mcp.md tells how to
//! connect.

pub mod here;
mod names;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use berth_api::context::ApiState;
use berth_domain::{Actor, UserName};
use berth_mcp::{Agent, LONGEST_WAIT};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use self::here::Hall;
use self::names::Names;
use super::answer::refuse;
use super::{Web, api};

/// A session in which nothing is said for longer than this has ended. Within one call the longest
/// silence is a wait by a client that does not want to hear of its progress.
const SESSION: Duration = Duration::from_secs(LONGEST_WAIT.as_secs() + 600);

type Service = StreamableHttpService<Agent<Hall>, LocalSessionManager>;

/// What `/mcp` needs. Cheap to clone.
#[derive(Clone)]
pub struct Mcp {
    agent: Agent<Hall>,
    names: Arc<Names>,
    /// Each person's sessions are their own: with another's token they do not exist. There are as
    /// many as people who ever asked.
    services: Arc<Mutex<HashMap<UserName, Service>>>,
}

impl fmt::Debug for Mcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mcp")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl Mcp {
    /// For a server that people reach by this URL.
    pub fn new(api: ApiState, url: &str) -> Self {
        Mcp {
            agent: Agent::new(Hall(api)),
            names: Arc::new(Names::of(url)),
            services: Arc::default(),
        }
    }

    fn service(&self, user: &UserName) -> Service {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let service = services
            .entry(user.clone())
            .or_insert_with(|| service(self.agent.clone()));
        service.clone()
    }
}

fn service(agent: Agent<Hall>) -> Service {
    let mut sessions = LocalSessionManager::default();
    let mut kept = SessionConfig::default();
    kept.keep_alive = Some(SESSION);
    sessions.session_config = kept;
    // Names are looked at in `names`, origins by the guard.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_max_request_body_bytes(api::LARGEST_BODY);
    StreamableHttpService::new(move || Ok(agent.clone()), Arc::new(sessions), config)
}

/// Answers a request. The guard has said whose it is.
pub async fn mcp(
    State(web): State<Web>,
    Extension(actor): Extension<Actor>,
    request: Request,
) -> Response {
    if let Err(error) = web.mcp.names.check(request.uri(), request.headers()) {
        return refuse(&error);
    }
    let (parts, body) = request.into_parts();
    let body = match api::read(body).await {
        Ok(bytes) => Body::from(bytes),
        Err(error) => return refuse(&error),
    };
    let request = Request::from_parts(parts, body);
    let service = web.mcp.service(&UserName::from(actor.name()));
    service.handle(request).await.map(Body::new)
}
