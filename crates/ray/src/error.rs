//! What can go wrong between Ray and us, in words for people.

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RayError {
    #[error("'{0}' is not the address of a Ray head: write http://HEAD:8265")]
    Address(String),
    #[error("the token for Ray holds characters that no token has")]
    Token,
    #[error("the Ray head at {address} does not answer: {why}. Start it, or correct the address")]
    Unreachable { address: String, why: String },
    #[error(
        "the Ray head at {address} wants a token: set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH for \
         the server and restart it"
    )]
    NoToken { address: String },
    #[error(
        "the Ray head at {address} refuses our token: RAY_AUTH_TOKEN (or its file) must be the one \
         that Ray was started with"
    )]
    WrongToken { address: String },
    /// Another status than asked for.
    #[error("Ray answered {status}: {text}")]
    Status { status: u16, text: String },
    #[error("Ray's answer cannot be read: {0}")]
    Answer(String),
}

impl RayError {
    /// Whether Ray as a whole cannot be used at the moment, whatever was asked for.
    #[must_use]
    pub fn is_down(&self) -> bool {
        matches!(
            self,
            RayError::Unreachable { .. } | RayError::NoToken { .. } | RayError::WrongToken { .. }
        )
    }
}
