//! The client for Rust tools: typed calls with a token, what becomes of a job, and the live stream.

mod follow;
mod live;
mod repeat;

use std::sync::Arc;
use std::time::Duration;

use http::header::{
    AUTHORIZATION, CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::Url;
use server_fn::client::Client;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use server_fn::{Protocol, ServerFn};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use berth_domain::JobId;

pub use self::follow::{Follow, Happening};
pub use self::live::{LiveStream, Watch};
use crate::talks::{AskArg, Said};
use crate::{ApiError, ErrorCode};

/// Where a server is if nobody says it.
const USUAL_URL: &str = "http://127.0.0.1:3000";
/// For as long a server that does not answer is asked again: a restart takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Who does not take a connection by then is not there.
const CONNECTED_BY: Duration = Duration::from_secs(10);

/// A server and the token to use there. Cheap to clone.
///
/// A server that cannot be reached, or says that it cannot answer now, is asked again for half a minute
/// (see [`patient`](Self::patient)), unless what was asked may have been done already: reads are repeated,
/// and submissions, which get an idempotency key if they have none. Other changes are repeated only as long
/// as there was no connection at all.
#[derive(Clone, Debug)]
pub struct Berth {
    connection: Arc<Connection>,
    patience: Duration,
}

struct Connection {
    http: reqwest::Client,
    base: Url,
    /// `None`: the socket says who it is.
    bearer: Option<HeaderValue>,
}

impl Connection {
    fn signed(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.bearer {
            Some(bearer) => request.header(AUTHORIZATION, bearer.clone()),
            None => request,
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// Where a call goes, and how: server functions know only their path.
struct Call {
    connection: Arc<Connection>,
    patience: Duration,
    /// Whether asking twice is as good as asking once.
    repeats: bool,
}

tokio::task_local! {
    /// The call under way.
    static UNDER_WAY: Call;
}

/// How a server function is called.
pub(crate) fn method_of<F: ServerFn>() -> http::Method {
    <F::Protocol as Protocol<
        F,
        F::Output,
        F::Client,
        F::Server,
        F::Error,
        F::InputStreamError,
        F::OutputStreamError,
    >>::METHOD
}

impl Berth {
    /// The server and the token that `BERTH_URL` and `BERTH_TOKEN` name, as for the `berth` command.
    ///
    /// # Errors
    /// When they are not set, or cannot be ones.
    pub fn from_env() -> Result<Self, ApiError> {
        let url = std::env::var("BERTH_URL").unwrap_or_else(|_| USUAL_URL.to_owned());
        let token = std::env::var("BERTH_TOKEN")
            .map_err(|_| ApiError::invalid("token", "Set BERTH_TOKEN to a token of yours."))?;
        Self::new(&url, token.trim())
    }

    /// # Errors
    /// When the URL or the token cannot be one.
    pub fn new(url: &str, token: &str) -> Result<Self, ApiError> {
        let base = Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.ok_or_else(|| {
            ApiError::invalid(
                "url",
                format!("'{url}' is not a URL such as http://127.0.0.1:3000."),
            )
        })?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
            ApiError::invalid("token", "The token holds characters that no token has.")
        })?;
        bearer.set_sensitive(true);
        Self::over(reqwest::Client::builder(), base, Some(bearer))
    }

    /// For a server on this host, through its socket: no token is needed, since the kernel says who the
    /// caller is.
    ///
    /// # Errors
    /// When there are no such sockets here.
    #[cfg(unix)]
    pub fn through_socket(socket: &std::path::Path) -> Result<Self, ApiError> {
        let base = Url::parse("http://localhost").map_err(unreachable_error)?;
        Self::over(reqwest::Client::builder().unix_socket(socket), base, None)
    }

    fn over(
        http: reqwest::ClientBuilder,
        base: Url,
        bearer: Option<HeaderValue>,
    ) -> Result<Self, ApiError> {
        let http = http
            .user_agent(concat!("berth/", env!("CARGO_PKG_VERSION")))
            // Websockets begin with it.
            .http1_only()
            .connect_timeout(CONNECTED_BY)
            .build()
            .map_err(|error| ApiError::new(ErrorCode::Internal, format!("{error}.")))?;
        // Paths are joined to text, and a request can only be built with some absolute URL.
        let _ = server_fn::client::try_set_server_url("http://berth.invalid");
        Ok(Berth {
            connection: Arc::new(Connection { http, base, bearer }),
            patience: PATIENCE,
        })
    }

    /// For how long a server is asked again that does not answer; with zero it is asked once.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Berth { patience, ..self }
    }

    /// Calls a server function, for example `berth.call(GetJob { id })`.
    ///
    /// # Errors
    /// The server's refusal, or [`ErrorCode::Unreachable`].
    pub async fn call<F>(&self, function: F) -> Result<F::Output, ApiError>
    where
        F: ServerFn<Error = ApiError>,
    {
        let call = Call {
            connection: self.connection.clone(),
            patience: self.patience,
            repeats: repeat::is_harmless(F::PATH, &method_of::<F>()),
        };
        UNDER_WAY.scope(call, function.run_on_client()).await
    }

    /// What becomes of a job from now on: its states, and what it writes.
    #[must_use]
    pub fn follow(&self, job: JobId) -> Follow {
        Follow::new(self.clone(), job)
    }

    /// The live picture of queue and cluster, which is kept up also over lost connections.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::new(self.clone())
    }

    /// Uploads a folder, packed as a tar file compressed with gzip and named by its sha256, for
    /// [`SubmitRequest::package`](berth_domain::SubmitRequest::package). Sends nothing that the
    /// server has already; returns whether it sent it.
    ///
    /// # Errors
    /// The server's refusal, or [`ErrorCode::Unreachable`].
    pub async fn upload(&self, sha256: &str, package: Vec<u8>) -> Result<bool, ApiError> {
        let mut url = self.connection.base.clone();
        url.set_path(&format!("/api/packages/{sha256}"));
        let http = &self.connection.http;
        let ask = |request: reqwest::RequestBuilder| {
            let sent = self.connection.signed(request).send();
            async { sent.await.map_err(|error| unreachable_error(chain(&error))) }
        };
        if ask(http.head(url.clone())).await?.status().is_success() {
            return Ok(false);
        }
        let answer = ask(http.put(url).body(package)).await?;
        if answer.status().is_success() {
            return Ok(true);
        }
        Err(refusal(answer).await)
    }

    /// Asks the assistant.
    ///
    /// # Errors
    /// The server's refusal, or [`ErrorCode::Unreachable`].
    pub async fn ask(&self, question: &AskArg) -> Result<Asked, ApiError> {
        let mut url = self.connection.base.clone();
        url.set_path("/api/ask");
        let request = self.connection.http.post(url).json(question);
        let answer = self.connection.signed(request).send().await;
        let answer = answer.map_err(|error| unreachable_error(chain(&error)))?;
        if !answer.status().is_success() {
            return Err(refusal(answer).await);
        }
        Ok(Asked {
            answer,
            text: Vec::new(),
        })
    }

    /// Opens the live stream: a snapshot, then deltas. [`watch`](Self::watch) does the rest too.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the token.
    pub async fn live(&self) -> Result<LiveStream, ApiError> {
        Ok(LiveStream::new(self.websocket("/api/live").await?))
    }

    /// Opens a websocket, through the same proxy and with the same certificates as all calls.
    ///
    /// # Errors
    /// The server's refusal, or [`ErrorCode::Unreachable`].
    pub async fn websocket(&self, path: &str) -> Result<Socket, ApiError> {
        self.websocket_with(path, None).await
    }

    async fn websocket_with(&self, path: &str, query: Option<&str>) -> Result<Socket, ApiError> {
        let mut url = self.connection.base.clone();
        url.set_path(path);
        url.set_query(query);
        let key = generate_key();
        let request = self.connection.http.get(url).header(UPGRADE, "websocket");
        let request = request
            .header(CONNECTION, "Upgrade")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
        let answer = self.connection.signed(request).send().await;
        let answer = answer.map_err(|error| unreachable_error(chain(&error)))?;
        if answer.status() != http::StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(answer).await);
        }
        let accepted = answer.headers().get(SEC_WEBSOCKET_ACCEPT);
        if accepted.map(HeaderValue::as_bytes) != Some(derive_accept_key(key.as_bytes()).as_bytes())
        {
            return Err(unreachable_error("what answers there is no websocket"));
        }
        let upgraded = answer.upgrade().await;
        let upgraded = upgraded.map_err(|error| unreachable_error(chain(&error)))?;
        Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await)
    }
}

/// Why an answer is no success.
async fn refusal(answer: reqwest::Response) -> ApiError {
    let status = answer.status();
    let refusal = answer.json::<ApiError>().await;
    refusal.unwrap_or_else(|_| unreachable_error(format!("it answered {status}")))
}

fn unreachable_error(why: impl std::fmt::Display) -> ApiError {
    ApiError::new(
        ErrorCode::Unreachable,
        format!("The server cannot be reached: {why}."),
    )
}

/// What the assistant says to a question, as it comes.
#[derive(Debug)]
pub struct Asked {
    answer: reqwest::Response,
    /// What came and is no whole line yet.
    text: Vec<u8>,
}

/// No event is longer.
const LONGEST_EVENT: usize = 1024 * 1024;

impl Asked {
    /// The next thing; `None` when the stream has ended. Kinds of a newer server are left out.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn next(&mut self) -> Result<Option<Said>, ApiError> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                if let Some(said) = read_event(&line) {
                    return Ok(Some(said));
                }
                continue;
            }
            if self.text.len() > LONGEST_EVENT {
                return Err(unreachable_error("it does not end what it says"));
            }
            let piece = self.answer.chunk().await;
            match piece.map_err(|error| unreachable_error(chain(&error)))? {
                Some(piece) => self.text.extend_from_slice(&piece),
                None => return Ok(None),
            }
        }
    }
}

/// An event's data is on one line.
fn read_event(line: &[u8]) -> Option<Said> {
    let line = std::str::from_utf8(line).ok()?;
    serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()
}

/// An open websocket.
pub type Socket = WebSocketStream<reqwest::Upgraded>;

/// Carries server function calls over reqwest to the [`Berth`] that they were made on.
#[derive(Debug)]
pub struct NativeClient;

impl<E, I, O> Client<E, I, O> for NativeClient
where
    E: FromServerFnError + Send,
    I: FromServerFnError,
    O: FromServerFnError,
{
    type Request = reqwest::Request;
    type Response = reqwest::Response;

    async fn send(mut request: reqwest::Request) -> Result<reqwest::Response, E> {
        let failed = |why: String| E::from_server_fn_error(ServerFnErrorErr::Request(why));
        let call = UNDER_WAY.try_with(|call| {
            let (connection, repeats) = (call.connection.clone(), call.repeats);
            (connection, call.patience, repeats)
        });
        let (connection, patience, repeats) =
            call.map_err(|_| failed("call server functions through Berth::call".to_owned()))?;
        let mut url = connection.base.clone();
        url.set_path(request.url().path());
        url.set_query(request.url().query());
        *request.url_mut() = url;
        if let Some(bearer) = &connection.bearer {
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, bearer.clone());
        }
        let answer = repeat::send(&connection.http, request, patience, repeats).await;
        answer.map_err(|error| failed(chain(&error)))
    }

    async fn open_websocket(
        _path: &str,
    ) -> Result<
        (
            impl futures::Stream<Item = Result<bytes::Bytes, bytes::Bytes>> + Send + 'static,
            impl futures::Sink<bytes::Bytes> + Send + 'static,
        ),
        E,
    > {
        let why = "the live stream is opened with Berth::live".to_owned();
        let refused: Result<(futures::stream::Empty<_>, futures::sink::Drain<_>), E> =
            Err(E::from_server_fn_error(ServerFnErrorErr::Request(why)));
        refused
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(future);
    }
}

/// An error with what caused it: reqwest's own text ends before the interesting part.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}
