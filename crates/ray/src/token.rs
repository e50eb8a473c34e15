//! The token for Ray, from where Ray's own tools take it.

use std::path::PathBuf;

/// Never shown.
#[derive(Clone)]
pub struct Token(pub(crate) String);

#[derive(Debug, thiserror::Error)]
#[error("the token for Ray cannot be read from {path} (RAY_AUTH_TOKEN_PATH): {source}")]
pub struct TokenError {
    path: String,
    source: std::io::Error,
}

impl Token {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Token(text.trim().to_owned())
    }

    /// `RAY_AUTH_TOKEN`, the file `RAY_AUTH_TOKEN_PATH`, or `~/.ray/auth_token` if it is there.
    ///
    /// # Errors
    /// When a file is named that cannot be read.
    pub fn from_env() -> Result<Option<Self>, TokenError> {
        let set = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        if let Some(token) = set("RAY_AUTH_TOKEN") {
            return Ok(Some(Token::new(&token)));
        }
        if let Some(path) = set("RAY_AUTH_TOKEN_PATH") {
            return match std::fs::read_to_string(&path) {
                Ok(token) => Ok(Some(Token::new(&token))),
                Err(source) => Err(TokenError { path, source }),
            };
        }
        let usual = set("HOME").map(|home| PathBuf::from(home).join(".ray/auth_token"));
        let token = usual.and_then(|path| std::fs::read_to_string(path).ok());
        Ok(token.map(|token| Token::new(&token)))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}
