//! Language models: where they are, what they cost, and how one is asked. Any endpoint that speaks
//! OpenAI's protocol (vLLM, Ollama, hosted ones), and Anthropic's; the protocols themselves are the
//! crate `genai`'s.
//!
//! [`Endpoints::ask`] asks the first endpoint that answers: each is tried again where that may help,
//! and then the next is. What is asked is a [`Prompt`], what comes back an [`Answer`]; what it cost
//! stands in a [`Bill`] however the call ends. [`propose`] asks for one JSON value by a schema.
//!
//! What jobs or people wrote reaches a model as data, between [`Marks`].
//!
//! A [`Key`] is never shown, and what endpoints say about themselves is cleaned of it before anybody
//! sees it. Nothing here knows of jobs or tools; that is `berth-chat`.

mod bill;
mod call;
mod config;
mod endpoint;
mod endpoints;
mod gathered;
mod key;
mod marks;
mod prompt;
mod propose;
mod trouble;

pub use bill::{Bill, Count, estimate};
pub use config::{Kind, ModelConfig, NotUsable};
pub use endpoint::Endpoint;
pub use endpoints::{Answer, Endpoints};
pub use key::Key;
pub use marks::{Marks, is_visible};
pub use prompt::{Arguments, Called, Prompt, ToolSpec, Turn};
pub use propose::{NotProposed, propose};
pub use trouble::Trouble;
