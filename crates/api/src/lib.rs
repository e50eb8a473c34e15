//! The one API: server functions that the browser, the CLI and other Rust tools call typed, and
//! `curl` as JSON at stable paths `/api/<verb>`.
//!
//! Reads are `GET` with a query; writes are `POST` with a JSON body. Every refusal is an
//! [`ApiError`] with its HTTP status and a sentence.
//!
//! Features: `ssr` (the server), `hydrate` (the browser), `native` (any Rust tool), `schema` (schemas of all
//! that travels; part of `ssr`). Tools in other languages have `/api/openapi.json` and `/docs/api` of the
//! server, which are made of the same types.
#![cfg_attr(feature = "native", doc = include_str!("client.md"))]

pub mod agents;
pub mod alerts;
pub mod analytics;
pub mod ansi;
pub mod audit;
pub mod campaigns;
pub mod charts;
pub mod cluster;
#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
mod convert;
pub mod efficiency;
mod encoding;
mod error;
#[cfg(feature = "ssr")]
pub mod feed;
pub mod files;
pub mod history;
pub mod imports;
pub mod jobs;
pub mod live;
pub mod logins;
pub mod logs;
#[cfg(feature = "native")]
mod native;
pub mod node_tokens;
pub mod notifications;
#[cfg(feature = "ssr")]
pub mod openapi;
pub mod past;
pub mod people;
pub mod planner;
pub mod projects;
pub mod queue;
pub mod quotas;
pub mod reservations;
mod schema;
pub mod talks;
#[cfg(feature = "ssr")]
pub mod terminals;
pub mod timeline;
pub mod tokens;
pub mod views;
pub mod waits;

pub use encoding::{Answer, Body};
pub use error::{ApiError, ErrorCode};
#[cfg(feature = "ssr")]
use native::method_of;
#[cfg(feature = "native")]
pub use native::{Asked, Berth, Follow, Happening, LiveStream, Socket, Watch};
use schema::Described;

/// What carries a call from a client to the server.
#[cfg(feature = "native")]
pub type AppClient = native::NativeClient;
/// What carries a call from a client to the server.
#[cfg(all(feature = "hydrate", not(feature = "native")))]
pub type AppClient = server_fn::client::browser::BrowserClient;
