//! Why a command did not do what was asked, and the exit code for it.

use std::process::ExitCode;

use berth_api::{ApiError, ErrorCode};

#[derive(Debug)]
pub enum Failure {
    /// The server's refusal. Exit code 1.
    Refused(ApiError),
    /// Nobody answers at `url`. Exit code 3.
    Unreachable { url: String, error: ApiError },
    /// The server does not know us, and no token was found here. Exit code 1.
    NoToken { url: String, place: String },
    /// The arguments do not make sense together. Exit code 2.
    Usage(String),
    /// Anything else, as a whole sentence. Exit code 1.
    Other(String),
    /// Whoever read our output went away: no fault at all.
    OutputClosed,
}

impl Failure {
    /// Says it on stderr, with `json` the server's answer on stdout, and gives the exit code.
    pub fn report(self, json: bool) -> ExitCode {
        if let (true, Failure::Refused(error) | Failure::Unreachable { error, .. }) = (json, &self)
            && let Ok(text) = serde_json::to_string(error)
        {
            println!("{text}");
        }
        if let Some(sentence) = self.sentence() {
            eprintln!("berth: {sentence}");
        }
        self.exit_code()
    }

    fn sentence(&self) -> Option<String> {
        Some(match self {
            Failure::Refused(error) => error.to_string(),
            Failure::Unreachable { url, error } => format!(
                "No Berth server answers at {url} ({}). Start one with `berth-server serve`, or \
                 point BERTH_URL or --url at yours.",
                cause(error)
            ),
            Failure::NoToken { url, place } => format!(
                "{url} wants a token, and none was found: set BERTH_TOKEN, or on the server's host \
                 BERTH_DATA to its data folder (looked for {place})."
            ),
            Failure::Usage(sentence) | Failure::Other(sentence) => sentence.clone(),
            Failure::OutputClosed => return None,
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Failure::OutputClosed => ExitCode::SUCCESS,
            Failure::Refused(_) | Failure::NoToken { .. } | Failure::Other(_) => ExitCode::FAILURE,
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Unreachable { .. } => ExitCode::from(3),
        }
    }
}

/// What the network said, without our own words around it.
fn cause(error: &ApiError) -> String {
    let text = error.to_string();
    let cause = text
        .strip_prefix("The server cannot be reached: ")
        .unwrap_or(&text);
    cause.trim_end_matches('.').to_owned()
}

/// Whether trying again may help.
pub fn is_transient(error: &ApiError) -> bool {
    matches!(
        error.code(),
        ErrorCode::Unreachable | ErrorCode::Unavailable
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_exit_code() {
        let unreachable = ApiError::new(ErrorCode::Unreachable, "Refused.");
        let cases = [
            (Failure::Refused(ApiError::invalid("gpus", "Too many.")), 1),
            (Failure::Usage(String::new()), 2),
            (
                Failure::Unreachable {
                    url: String::new(),
                    error: unreachable,
                },
                3,
            ),
            (Failure::OutputClosed, 0),
        ];
        for (failure, code) in cases {
            let text = format!("{failure:?}");
            assert_eq!(failure.exit_code(), ExitCode::from(code), "{text}");
        }
    }

    #[test]
    fn who_is_not_reached_is_named_with_what_to_do() {
        let text = "The server cannot be reached: Connection refused.";
        let error = ApiError::new(ErrorCode::Unreachable, text);
        let failure = Failure::Unreachable {
            url: "http://127.0.0.1:9".into(),
            error,
        };
        assert_eq!(
            failure.sentence().unwrap(),
            "No Berth server answers at http://127.0.0.1:9 (Connection refused). Start one with \
             `berth-server serve`, or point BERTH_URL or --url at yours."
        );
    }
}
