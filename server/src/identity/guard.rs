//! The guard before every route.

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use berth_api::context::{Door, DoorKind, Entered, Entry, unauthenticated};
use berth_api::{ApiError, ErrorCode};
use berth_domain::{Actor, NodeName, Role, Timestamp, UserName};
use berth_store::{Store, StoreError};
use tower_sessions::Session;

use super::login::{Logins, SESSION_ENTERED, SESSION_ROLE, SESSION_USER};
use super::peer;
use super::remote::Remote;
use crate::clock;
use crate::web::answer::refuse;
use crate::web::docs;

/// The one route for the daemons of nodes, and closed to everybody else.
pub const NODES_DOOR: &str = "/api/node";

/// A node whose daemon asks.
#[derive(Clone, Debug)]
pub struct NodeIdentity {
    pub node: NodeName,
    /// To see whether it is still good.
    pub secret: String,
}

/// Finds out who asks, and turns away whom nobody knows.
pub async fn guard(
    State(logins): State<Logins>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    if let Err(error) = same_origin(request.method(), request.headers()) {
        return refuse(&error);
    }
    let found = match bearer(request.headers()) {
        Some(secret) => match who(&logins.store, secret.trim()).await {
            Some(Who::Person(actor)) => Some((actor, DoorKind::Token, None)),
            Some(Who::Node(node)) if path == NODES_DOOR => {
                let secret = secret.trim().to_owned();
                request
                    .extensions_mut()
                    .insert(NodeIdentity { node, secret });
                return next.run(request).await;
            }
            Some(Who::Node(node)) => return refuse(&not_for_nodes(&node)),
            None => {
                return refuse(&ApiError::new(
                    ErrorCode::Unauthenticated,
                    "The token is not known here: it was revoked, has expired, or is for another \
                     server.",
                ));
            }
        },
        None => match remote(&request) {
            Some(Remote::Process { uid }) if !is_public(&path) => {
                match peer::who(&logins.store, &logins.admin, uid).await {
                    Ok(actor) => Some((actor, DoorKind::Socket, None)),
                    Err(error) => return refuse(&error),
                }
            }
            _ => of_session(&logins.store, &session).await,
        },
    };
    match found {
        Some(_) if path == NODES_DOOR => refuse(&ApiError::new(
            ErrorCode::Forbidden,
            "Only the daemons of nodes come in here: make a token with \
             `berth-server node-token NAME`.",
        )),
        Some((actor, kind, entered)) => {
            let door = Door {
                kind: if path == "/mcp" { DoorKind::Mcp } else { kind },
                address: logins.address(&request),
                entered,
            };
            let extensions = request.extensions_mut();
            extensions.insert(actor);
            extensions.insert(door);
            next.run(request).await
        }
        None if is_public(&path) => {
            let door = Door {
                kind: DoorKind::Login,
                address: logins.address(&request),
                entered: None,
            };
            request.extensions_mut().insert(door);
            next.run(request).await
        }
        None if path.starts_with("/api/") || path == "/mcp" => refuse(&unauthenticated()),
        // Where agents look for another way in when they have no token: there is none.
        None if path.starts_with("/.well-known/") => refuse(&ApiError::new(
            ErrorCode::NotFound,
            "There is nothing here. Send a token as `Authorization: Bearer …`.",
        )),
        None => Redirect::to("/login").into_response(),
    }
}

fn remote(request: &Request) -> Option<Remote> {
    let ConnectInfo(remote) = request.extensions().get::<ConnectInfo<Remote>>()?;
    Some(*remote)
}

/// What may be seen by anybody.
fn is_public(path: &str) -> bool {
    matches!(path, "/login" | "/healthz" | "/favicon.svg" | "/robots.txt")
        || path == berth_api::openapi::PATH
        || path == docs::PAGE
        || path.starts_with("/login/")
        || path.starts_with("/pkg/")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    // Any other scheme is a wrong token, not nobody.
    Some(
        value
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Bearer "))
            .unwrap_or_default(),
    )
}

/// Whose a token is.
enum Who {
    Person(Actor),
    Node(NodeName),
}

async fn who(store: &Store, secret: &str) -> Option<Who> {
    let found = async {
        if let Some(user) = store.token_user(secret, clock::now()).await? {
            return Ok(Some(Who::Person(Actor::User {
                name: user.name,
                role: user.role,
            })));
        }
        if let Some((name, person)) = store.token_agent(secret, clock::now()).await? {
            return Ok(Some(Who::Person(Actor::Agent {
                name,
                acts_for: person.name,
                role: person.role,
            })));
        }
        let node = store.token_node(secret).await?;
        Ok::<_, StoreError>(node.map(Who::Node))
    };
    found.await.unwrap_or_else(|error| {
        tracing::error!(%error, "cannot look up a token");
        None
    })
}

fn not_for_nodes(node: &NodeName) -> ApiError {
    let sentence = format!(
        "This is the token of node {node}: it is for its daemon, berth-server node, and opens \
         nothing else. People have tokens of their own."
    );
    ApiError::new(ErrorCode::Forbidden, sentence)
}

async fn of_session(
    store: &Store,
    session: &Session,
) -> Option<(Actor, DoorKind, Option<Entered>)> {
    let name: String = session.get(SESSION_USER).await.unwrap_or_else(|error| {
        tracing::error!(%error, "cannot load a session");
        None
    })?;
    let user = store.user(&UserName(name)).await.ok()??;
    let at_most: Option<Role> = session.get(SESSION_ROLE).await.ok()?.flatten();
    let role = at_most.map_or(user.role, |at_most| user.role.min(at_most));
    let entered = session.get(SESSION_ENTERED).await.unwrap_or_default();
    // A session of before that was written down: as if by a link, long ago.
    let entered = entered.unwrap_or(Entered {
        by: Entry::Link,
        at: Timestamp::UNIX_EPOCH,
    });
    let actor = Actor::user(user.name, role);
    Some((actor, DoorKind::Browser, Some(entered)))
}

/// A browser says where a request that changes something comes from; elsewhere is refused, on top
/// of the cookie's `SameSite=Lax`.
fn same_origin(method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let upgrade = headers.contains_key(header::UPGRADE);
    if (method.is_safe() && !upgrade) || !headers.contains_key(header::ORIGIN) {
        return Ok(());
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    match (origin, text(header::HOST)) {
        (Some((_, origin)), Some(host)) if origin.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(ApiError::new(
            ErrorCode::Forbidden,
            "The request comes from another site's page, so it was not carried out.",
        )),
    }
}
