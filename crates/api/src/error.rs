//! The one error type of the API, and its HTTP status.

use berth_domain::Refusal;
use serde::{Deserialize, Serialize};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::encoding::AnswerEncoding;

/// A refused or failed call: `{"error": {"code": "invalid", "message": "…", "field": "gpus"}}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[error("{}", self.error.message)]
pub struct ApiError {
    pub error: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    pub code: ErrorCode,
    /// A sentence that says what is wrong and, where possible, what to do.
    pub message: String,
    /// The field of the request that is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What kind of problem it is; each has one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request cannot be understood or accepted as it is: 400.
    Invalid,
    /// No valid session or token: 401.
    Unauthenticated,
    /// Known, but not allowed to do this: 403.
    Forbidden,
    /// No such job, log or function: 404.
    NotFound,
    /// It does not fit the state the job is in: 409.
    Conflict,
    /// The request is larger than accepted: 413.
    TooLarge,
    /// Too often: 429.
    TooMany,
    /// A fault of ours: 500.
    Internal,
    /// Not now: starting, stopping or overloaded: 503.
    Unavailable,
    /// The client could not reach or understand the server; never sent by it.
    Unreachable,
}

impl ErrorCode {
    #[must_use]
    pub fn status(self) -> http::StatusCode {
        match self {
            ErrorCode::Invalid => http::StatusCode::BAD_REQUEST,
            ErrorCode::Unauthenticated => http::StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden => http::StatusCode::FORBIDDEN,
            ErrorCode::NotFound => http::StatusCode::NOT_FOUND,
            ErrorCode::Conflict => http::StatusCode::CONFLICT,
            ErrorCode::TooLarge => http::StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::TooMany => http::StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Internal => http::StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Unavailable | ErrorCode::Unreachable => {
                http::StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }
}

impl ApiError {
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        ApiError {
            error: Problem {
                code,
                message: message.into(),
                field: None,
            },
        }
    }

    #[must_use]
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        let problem = Problem {
            code: ErrorCode::Invalid,
            message: message.into(),
            field: Some(field.to_owned()),
        };
        ApiError { error: problem }
    }

    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.error.code
    }

    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.error.field.as_deref()
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::Invalid { .. }
            | Refusal::BeginInPast { .. }
            | Refusal::DeadlineInPast { .. }
            | Refusal::DeadlineBeforeBegin { .. } => ErrorCode::Invalid,
            Refusal::NoSuchJob { .. }
            | Refusal::NoSuchReservation { .. }
            | Refusal::NoSuchAlert { .. }
            | Refusal::NoSuchAgent { .. }
            | Refusal::NoSuchCampaign { .. }
            | Refusal::NoSuchProject { .. }
            | Refusal::NotForeign { .. } => ErrorCode::NotFound,
            Refusal::NotYours { .. }
            | Refusal::HeldByAdmin { .. }
            | Refusal::PassesOthers { .. }
            | Refusal::ClassNotAllowed
            | Refusal::PolicyNotAllowed
            | Refusal::QuotaNotAllowed
            | Refusal::CordonNotAllowed
            | Refusal::ReservationNotYours { .. }
            | Refusal::AlertNotYours { .. }
            | Refusal::AlertForAdmins { .. }
            | Refusal::AdoptNotYours { .. }
            | Refusal::Mandate { .. }
            | Refusal::AgentNotYours { .. }
            | Refusal::AgentsNotAllowed { .. }
            | Refusal::CardNotYours { .. }
            | Refusal::CampaignNotYours { .. }
            | Refusal::ReserveForOthers { .. }
            | Refusal::OnlyLooks
            | Refusal::ProjectClosed { .. }
            | Refusal::ProjectNotAllowed { .. } => ErrorCode::Forbidden,
            Refusal::WrongState { .. }
            | Refusal::TooOld { .. }
            | Refusal::NoArray { .. }
            | Refusal::NothingToUndo { .. }
            | Refusal::NoTask { .. }
            | Refusal::NotUnderWay { .. }
            | Refusal::NotAChoice { .. }
            | Refusal::AdoptLeased { .. }
            | Refusal::NoSuchCard { .. }
            | Refusal::CampaignState { .. }
            | Refusal::Campaign { .. }
            | Refusal::Promised { .. } => ErrorCode::Conflict,
        };
        let field = refusal.field().map(str::to_owned);
        ApiError {
            error: Problem {
                code,
                message: refusal.to_string(),
                field,
            },
        }
    }
}

/// What marks a decoding error as the request's fault; see `encoding`.
pub(crate) const IN_REQUEST: &str = "request: ";

impl FromServerFnError for ApiError {
    type Encoder = AnswerEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        match value {
            ServerFnErrorErr::Args(why) | ServerFnErrorErr::MissingArg(why) => ApiError::new(
                ErrorCode::Invalid,
                format!("The query cannot be read: {why}."),
            ),
            ServerFnErrorErr::Deserialization(why) => match why.strip_prefix(IN_REQUEST) {
                Some(why) => ApiError::new(
                    ErrorCode::Invalid,
                    format!("The request cannot be read: {why}."),
                ),
                None => ApiError::new(
                    ErrorCode::Unreachable,
                    format!("The server's answer cannot be read: {why}."),
                ),
            },
            ServerFnErrorErr::Request(why) => ApiError::new(
                ErrorCode::Unreachable,
                format!("The server cannot be reached: {why}."),
            ),
            other => ApiError::new(ErrorCode::Internal, format!("{other}.")),
        }
    }
}
