//! Requests and answers.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::RayError;
use crate::token::Token;

/// A question that is not answered by then is asked again.
const PATIENCE: Duration = Duration::from_secs(10);
/// A submission that is broken off can stay pending for ever (ray-project/ray#62766), so it is not.
/// This is for a connection that is dead.
const SUBMIT_PATIENCE: Duration = Duration::from_secs(120);
/// No answer that we ask for is longer.
const LONGEST: usize = 32 * 1024 * 1024;
/// Of an error's text.
const TEXT: usize = 2000;

/// A Ray cluster, by the address of its dashboard. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ray {
    http: reqwest::Client,
    base: Arc<Url>,
}

impl Ray {
    /// # Errors
    /// When the address is no `http` or `https` URL, or the token cannot be one.
    pub fn new(address: &str, token: Option<&Token>) -> Result<Self, RayError> {
        let wrong = || RayError::Address(address.to_owned());
        let mut base = Url::parse(address).map_err(|_| wrong())?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong());
        }
        base.set_path("/");
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            let bearer = HeaderValue::from_str(&format!("Bearer {}", token.0));
            let mut bearer = bearer.map_err(|_| RayError::Token)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let http = reqwest::Client::builder()
            // Ray takes what calls itself a browser for one and refuses its POSTs.
            .user_agent(concat!("berth/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(Duration::from_secs(5))
            // What a proxy of the environment would do with a cluster's own addresses is anybody's guess.
            .no_proxy()
            .build()
            .map_err(|error| RayError::Answer(error.to_string()))?;
        let base = Arc::new(base);
        Ok(Ray { http, base })
    }

    /// `http://head:8265/`.
    #[must_use]
    pub fn address(&self) -> &str {
        self.base.as_str()
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, RayError> {
        let answer = self.ask(Method::GET, path, None, PATIENCE).await?;
        serde_json::from_slice(&answer).map_err(|error| RayError::Answer(error.to_string()))
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Vec<u8>, RayError> {
        self.ask(Method::POST, path, Some(body), SUBMIT_PATIENCE)
            .await
    }

    pub(crate) async fn remove(&self, path: &str) -> Result<Vec<u8>, RayError> {
        self.ask(Method::DELETE, path, None, PATIENCE).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        patience: Duration,
    ) -> Result<Vec<u8>, RayError> {
        let url = self
            .base
            .join(path)
            .map_err(|_| RayError::Address(path.to_owned()))?;
        let mut request = self.http.request(method, url).timeout(patience);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.lost(&error))?;
        let status = response.status();
        let longest = if status.is_success() { LONGEST } else { TEXT };
        let answer = self.read(response, longest).await?;
        if status.is_success() {
            return Ok(answer);
        }
        let address = self.address().to_owned();
        Err(match status {
            StatusCode::UNAUTHORIZED => RayError::NoToken { address },
            StatusCode::FORBIDDEN => RayError::WrongToken { address },
            _ => RayError::Status {
                status: status.as_u16(),
                text: last_line(&String::from_utf8_lossy(&answer)),
            },
        })
    }

    async fn read(&self, mut response: Response, longest: usize) -> Result<Vec<u8>, RayError> {
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error))? {
            answer.extend_from_slice(&chunk);
            if answer.len() > longest {
                if longest == TEXT {
                    // Of a traceback the end says what is wrong.
                    answer.drain(..answer.len() - TEXT);
                } else {
                    let why = format!("it is longer than {} MiB", LONGEST / 1024 / 1024);
                    return Err(RayError::Answer(why));
                }
            }
        }
        Ok(answer)
    }

    fn lost(&self, error: &reqwest::Error) -> RayError {
        // reqwest says what it did; the innermost source says what went wrong.
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let why = if error.is_timeout() {
            "it takes too long".to_owned()
        } else {
            cause.to_string()
        };
        let address = self.address().to_owned();
        RayError::Unreachable { address, why }
    }
}

/// What a Python traceback ends with.
fn last_line(text: &str) -> String {
    let mut lines = text.lines().rev().map(str::trim);
    lines
        .find(|line| line.len() > 1)
        .unwrap_or("nothing")
        .to_owned()
}
