//! Who asks: a session cookie or a bearer token becomes an [`Actor`](berth_domain::Actor) in the
//! request's extensions, and a node's token the identity of that node. No request without one reads or changes anything but the login page,
//! `/healthz` and static files.

pub mod guard;
pub mod login;
mod sessions;

pub use sessions::Sessions;
