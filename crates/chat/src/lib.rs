//! Talks with a language model that can look at the cluster and act for a person.
//!
//! [`talk`] answers one question: it asks the model, calls the tools that the model wants, and tells
//! what happens as [`Said`](berth_api::talks::Said). The tools are those of [`berth_mcp`], no more and
//! no fewer, in front of a door that calls for one agent; so whatever the model does passes the same
//! mandate, and leaves the same cards, as what any other agent does. What a talk needs of the server
//! it is in is a [`Host`].
//!
//! What tools answer was written by jobs and by people: it reaches the model as marked data
//! ([`Marks`](berth_models::Marks)). That helps, and it is no guard: the guard is the mandate ([`assistant`]).

pub mod assistant;
mod host;
mod limits;
mod room;
mod short;
mod talk;
mod tools;
mod turns;

pub use berth_models::{Endpoints, Turn};
pub use host::{Host, SeenCard};
pub use limits::Limits;
pub use talk::{Question, talk};
pub use turns::{HeldTurn, Turns};
