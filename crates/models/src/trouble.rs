//! What goes wrong when a model is asked, in a sentence, and what can be done about it.

use std::time::Duration;

use genai::Error;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::endpoint::Endpoint;

/// Why an endpoint did not answer. Nothing in it is a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("There is no language model: set [[models]] in berth.toml, or BERTH_LLM_BASE_URL.")]
    None,
    #[error("The model {name} cannot be reached at {place}.")]
    Unreachable { name: String, place: String },
    #[error("The model {name} said nothing for {after_s} s.")]
    Silent { name: String, after_s: u64 },
    #[error("The model {name} did not answer in time.")]
    TooLate { name: String },
    #[error("The model {name} has too much to do{}.", for_so_long(*retry_after))]
    Busy {
        name: String,
        retry_after: Option<Duration>,
    },
    #[error("The model {name} failed ({status}): {said}")]
    Broken {
        name: String,
        status: u16,
        said: String,
        retry_after: Option<Duration>,
    },
    #[error("The model {name} refused the question ({status}): {said}")]
    Refused {
        name: String,
        status: u16,
        said: String,
    },
    #[error("What the model {name} answered cannot be read: {why}.")]
    Garbage { name: String, why: String },
    #[error("The model {name} broke off in the middle of its answer.")]
    BrokeOff { name: String },
    #[error("What is left of the budget does not pay for this question to the model {name}.")]
    TooDear { name: String },
}

fn for_so_long(retry_after: Option<Duration>) -> String {
    retry_after.map_or(String::new(), |after| {
        format!(" for the next {} s", after.as_secs().max(1))
    })
}

impl Trouble {
    /// Whether the same endpoint may answer when it is asked again.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Trouble::Unreachable { .. }
            | Trouble::Silent { .. }
            | Trouble::Busy { .. }
            | Trouble::Broken { .. }
            | Trouble::Garbage { .. }
            | Trouble::BrokeOff { .. } => true,
            Trouble::None
            | Trouble::TooLate { .. }
            | Trouble::Refused { .. }
            | Trouble::TooDear { .. } => false,
        }
    }

    /// Whether an endpoint may answer later, after longer than anybody waits for one question.
    #[must_use]
    pub fn may_heal(&self) -> bool {
        matches!(
            self,
            Trouble::Unreachable { .. }
                | Trouble::Silent { .. }
                | Trouble::TooLate { .. }
                | Trouble::Busy { .. }
                | Trouble::Broken { .. }
        )
    }

    /// How long the endpoint wants to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Trouble::Busy { retry_after, .. } | Trouble::Broken { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether a model may have worked for it all the same, for which it wants to be paid.
    pub(crate) fn may_cost(&self) -> bool {
        matches!(
            self,
            Trouble::Silent { .. }
                | Trouble::TooLate { .. }
                | Trouble::Garbage { .. }
                | Trouble::BrokeOff { .. }
        )
    }

    pub(crate) fn garbage(endpoint: &Endpoint, why: &str) -> Self {
        Trouble::Garbage {
            name: endpoint.name.clone(),
            why: why.to_owned(),
        }
    }

    /// What `genai` says, put right.
    pub(crate) fn of(endpoint: &Endpoint, error: &Error) -> Self {
        let name = || endpoint.name.clone();
        match error {
            Error::HttpError {
                status,
                body,
                headers,
                ..
            } => by_status(endpoint, *status, body, headers),
            Error::WebStream { error, .. } => {
                if let Some(inner) = error.downcast_ref::<Error>() {
                    return Trouble::of(endpoint, inner);
                }
                match error.downcast_ref::<reqwest::Error>() {
                    Some(error)
                        if error.is_connect() || error.is_timeout() || error.is_request() =>
                    {
                        Trouble::Unreachable {
                            name: name(),
                            place: endpoint.place(),
                        }
                    }
                    Some(_) => Trouble::BrokeOff { name: name() },
                    None => Trouble::garbage(endpoint, "it is no text"),
                }
            }
            Error::StreamParse { .. } | Error::SerdeJson(_) | Error::JsonValueExt(_) => {
                Trouble::garbage(endpoint, "it is not what its protocol says")
            }
            // An endpoint that says in the middle of an answer that something is wrong.
            Error::ChatResponse { body, .. } => Trouble::Broken {
                name: name(),
                status: 200,
                said: endpoint.fit(&message(body)),
                retry_after: None,
            },
            other => match other.status() {
                Some(status) => {
                    let none = HeaderMap::new();
                    by_status(endpoint, status, "", other.headers().unwrap_or(&none))
                }
                None => Trouble::garbage(endpoint, "it is not what its protocol says"),
            },
        }
    }
}

fn by_status(endpoint: &Endpoint, status: StatusCode, body: &str, headers: &HeaderMap) -> Trouble {
    let name = endpoint.name.clone();
    let said = match serde_json::from_str::<Value>(body) {
        Ok(value) => endpoint.fit(&message(&value)),
        Err(_) => endpoint.fit(body),
    };
    let retry_after = retry_after(headers);
    match status {
        StatusCode::TOO_MANY_REQUESTS => Trouble::Busy { name, retry_after },
        StatusCode::REQUEST_TIMEOUT => Trouble::TooLate { name },
        status if status.is_server_error() => Trouble::Broken {
            name,
            status: status.as_u16(),
            said,
            retry_after,
        },
        status => Trouble::Refused {
            name,
            status: status.as_u16(),
            said,
        },
    }
}

/// What an error's body says, in the shapes that endpoints have for it.
fn message(body: &Value) -> String {
    let places = ["/error/message", "/message", "/error", "/detail"];
    let found = places
        .iter()
        .find_map(|place| body.pointer(place)?.as_str());
    found.map_or_else(|| body.to_string(), str::to_owned)
}

/// In seconds; a date is not understood, and then the usual pause has to do.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds: f64 = text.trim().parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(86_400.0)))
}
