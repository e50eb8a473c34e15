//! One run of the command: the server it talks to, and how answers are shown.

use std::time::Duration;

use berth_api::jobs::{GetJob, JobDetailAnswer};
use berth_api::{ApiError, Berth, ErrorCode};
use berth_domain::JobId;
use serde::Serialize;

use crate::connect::{self, Flags, Target};
use crate::failure::{Failure, is_transient};
use crate::output;

/// The pauses between tries; together less than people mind.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

#[derive(Debug)]
pub struct Session {
    pub berth: Berth,
    pub json: bool,
    target: Target,
}

impl Session {
    pub fn open(flags: &Flags, json: bool) -> Result<Self, Failure> {
        let target = connect::find(flags)?;
        // Without a token the call is made all the same: then it shows whether anybody is there.
        let token = target.token.as_deref().unwrap_or("none");
        let berth = match &target.socket {
            Some(socket) => Berth::through_socket(socket),
            None => Berth::new(&target.url, token),
        };
        // It asks again by itself, and says what it waits for.
        let berth = berth.map_err(Failure::Refused)?.patient(Duration::ZERO);
        Ok(Session {
            berth,
            json,
            target,
        })
    }

    /// Makes a call that may be repeated without harm: a read, or a submission with its key.
    pub async fn repeat<T, F>(&self, call: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        for pause in PAUSES {
            match call().await {
                Err(error) if is_transient(&error) => tokio::time::sleep(pause).await,
                other => return other.map_err(|error| self.failure(error)),
            }
        }
        self.once(call()).await
    }

    /// Makes a call that is not repeated: if its answer is lost, it may have been done.
    pub async fn once<T>(
        &self,
        call: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, Failure> {
        call.await.map_err(|error| self.failure(error))
    }

    pub async fn job(&self, id: JobId) -> Result<JobDetailAnswer, Failure> {
        self.repeat(|| self.berth.call(GetJob { id })).await
    }

    /// Prints an answer as it came, or as `text` says it.
    pub fn show<A: Serialize>(
        &self,
        answer: &A,
        text: impl FnOnce(&A) -> String,
    ) -> Result<(), Failure> {
        if self.json {
            output::json(answer)
        } else {
            output::print(&text(answer))
        }
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.target.url
    }

    pub fn failure(&self, error: ApiError) -> Failure {
        match error.code() {
            ErrorCode::Unreachable => Failure::Unreachable {
                url: self.target.url.clone(),
                error,
            },
            ErrorCode::Unauthenticated
                if self.target.token.is_none() && self.target.socket.is_none() =>
            {
                Failure::NoToken {
                    url: self.target.url.clone(),
                    place: self.target.token_place.display().to_string(),
                }
            }
            _ => Failure::Refused(error),
        }
    }
}
