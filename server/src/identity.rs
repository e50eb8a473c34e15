//! Who asks: a session cookie, a bearer token or a process on this host becomes an
//! [`Actor`](berth_domain::Actor) in the request's extensions, beside the [`Door`](berth_api::context::Door)
//! that it came by; a node's token becomes the identity of that node. No request without one reads or changes
//! anything but the login page, `/healthz` and static files.

pub mod guard;
pub mod login;
pub mod oidc;
pub mod pace;
pub mod password;
pub mod peer;
pub mod remote;
mod sessions;

pub use sessions::Sessions;
