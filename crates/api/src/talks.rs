//! Talks with the assistant: what it says and does, as it comes and as it was kept.
//!
//! A question is `POST /api/ask` with an [`AskArg`]. Its answer is a stream of server-sent events, each
//! a [`Said`] as JSON; it is no server function, since those answer once. `Berth::ask` reads it.

use berth_domain::{CardId, TalkId, Timestamp};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskArg {
    /// Up to 8000 characters.
    pub question: String,
    /// Goes on with this talk; left out: a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk: Option<TalkId>,
}

/// What comes while a question is answered, in this order: one `talk`, then anything, and in the end one
/// `done` or `failed`. More kinds may be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    /// In which talk it is kept. Ask with it to go on.
    Talk { talk: TalkId },
    /// A piece of the answer. The pieces of one question are one text.
    Text { text: String },
    ToolCalled {
        name: String,
        /// JSON, cut where it is long.
        arguments: String,
    },
    ToolAnswered {
        name: String,
        /// It was done; otherwise it was refused or failed.
        ok: bool,
        /// How the answer begins.
        summary: String,
        /// The card in the ledger that says what was done, suggested or refused.
        card: Option<CardId>,
    },
    /// Something that has to be approved first: `answer_card` does it or not.
    Approval {
        card: CardId,
        /// What would be done: `Cancel job 17`.
        sentence: String,
    },
    /// What the assistant was told was too long, or something else worth knowing.
    Note { sentence: String },
    /// A model was asked.
    Cost {
        model: String,
        input_tokens: u64,
        output_tokens: u64,
        /// In millionths of a dollar.
        micros: u64,
        /// The endpoint did not count: this is a guess.
        estimated: bool,
        /// Of the assistant's budget; `None`: it has no limit.
        left_micros: Option<u64>,
    },
    Done {
        tool_calls: u32,
        /// Of the whole question, in millionths of a dollar.
        micros: u64,
    },
    /// The question was not answered, or not to its end.
    Failed { sentence: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TalkView {
    pub id: TalkId,
    /// How its first question begins.
    pub title: String,
    pub begun_at: Timestamp,
    /// When something was said last.
    pub said_at: Timestamp,
    pub messages: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TalksAnswer {
    /// Yours, the last one first.
    pub talks: Vec<TalkView>,
    /// The model that is asked first; `None`: there is none, and nothing can be asked.
    pub model: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageView {
    /// From 1.
    pub number: u32,
    /// You said it; otherwise the assistant did.
    pub by_person: bool,
    pub at: Timestamp,
    pub text: String,
    /// What was called, done and paid, and why it failed if it did, in order.
    pub notes: Vec<Said>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TalkAnswer {
    pub talk: TalkView,
    /// Oldest first.
    pub messages: Vec<MessageView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ForgetTalkArg {
    pub talk: TalkId,
}

/// `GET /api/talks`: yours with the assistant.
#[server(prefix = "/api", endpoint = "talks", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn talks() -> Result<TalksAnswer, ApiError> {
    crate::context::Context::here()?.talks().await
}

/// `GET /api/talk?id=3`: what was said in one of yours.
#[server(prefix = "/api", endpoint = "talk", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn talk(id: TalkId) -> Result<TalkAnswer, ApiError> {
    crate::context::Context::here()?.talk(id).await
}

/// `POST /api/forget_talk`: forgets what was said. What was done stays in the ledger.
#[server(prefix = "/api", endpoint = "forget_talk", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn forget_talk(body: ForgetTalkArg) -> Result<TalksAnswer, ApiError> {
    crate::context::Context::here()?.forget_talk(body).await
}
