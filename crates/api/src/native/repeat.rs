//! Which calls are made again when they fail, and when.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use http::{Method, StatusCode};

/// Sent as writes because of what they ask, but nothing changes.
const ASKS: [&str; 5] = [
    "/api/audit",
    "/api/import_preview",
    "/api/preview_campaign",
    "/api/preview_policy",
    "/api/replay_history",
];
/// What has the same `idempotency_key` is done once.
const KEYED: [&str; 2] = ["/api/start_campaign", "/api/submit_job"];

/// Whether to ask twice is as good as to ask once.
pub(super) fn is_harmless(path: &str, method: &Method) -> bool {
    *method == Method::GET || ASKS.contains(&path) || KEYED.contains(&path)
}

/// From a tenth of a second to two seconds, each a little by chance, so that many clients of a server that
/// comes back do not ask it all at once.
pub(super) fn pauses(patience: Duration) -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .with_jitter()
        .without_max_times()
        .with_total_delay(Some(patience))
        .build()
}

/// Sends a request, again if that does no harm.
pub(super) async fn send(
    http: &reqwest::Client,
    mut request: reqwest::Request,
    patience: Duration,
    repeats: bool,
) -> reqwest::Result<reqwest::Response> {
    if KEYED.contains(&request.url().path()) {
        give_key(&mut request);
    }
    let mut pauses = pauses(patience);
    loop {
        let again = request.try_clone();
        let answer = once(http, request, repeats).await;
        let passes = match &answer {
            Ok(answer) => repeats && passes(answer.status()),
            // Without a connection nothing was done.
            Err(error) => repeats || error.is_connect(),
        };
        match (again, passes.then(|| pauses.next()).flatten()) {
            (Some(again), Some(pause)) => {
                tokio::time::sleep(pause).await;
                request = again;
            }
            _ => return answer,
        }
    }
}

/// The answer; to what may be repeated a whole one, since a connection may also break in its middle.
async fn once(
    http: &reqwest::Client,
    request: reqwest::Request,
    whole: bool,
) -> reqwest::Result<reqwest::Response> {
    let answer = http.execute(request).await?;
    if !whole {
        return Ok(answer);
    }
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut whole = http::Response::new(answer.bytes().await?);
    *whole.status_mut() = status;
    *whole.headers_mut() = headers;
    Ok(whole.into())
}

/// Ours say 503, proxies before a server that is not there the others.
pub(super) fn passes(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
    )
}

/// Gives a submission a key if it has none. What is no object is left for the server to refuse.
fn give_key(request: &mut reqwest::Request) {
    let body = request.body().and_then(reqwest::Body::as_bytes);
    let fields = body.and_then(|body| serde_json::from_slice(body).ok());
    let Some(mut fields) = fields else { return };
    if add_key(&mut fields, || {
        format!("rust-{:032x}", rand::random::<u128>())
    }) {
        let body = serde_json::Value::Object(fields).to_string();
        *request.body_mut() = Some(body.into());
    }
}

fn add_key(
    fields: &mut serde_json::Map<String, serde_json::Value>,
    key: impl FnOnce() -> String,
) -> bool {
    let known = fields
        .get("idempotency_key")
        .is_some_and(|key| !key.is_null());
    if !known {
        fields.insert("idempotency_key".to_owned(), key().into());
    }
    !known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_no_harm_is_repeated() {
        assert!(is_harmless("/api/list_jobs", &Method::GET));
        assert!(is_harmless("/api/submit_job", &Method::POST));
        assert!(is_harmless("/api/preview_policy", &Method::POST));
        for change in ["/api/cancel_job", "/api/requeue_job", "/api/create_token"] {
            assert!(!is_harmless(change, &Method::POST), "{change}");
        }
    }

    #[test]
    fn a_key_is_given_once() {
        for (text, given) in [
            (r#"{"command":["true"]}"#, true),
            (r#"{"command":["true"],"idempotency_key":null}"#, true),
            (r#"{"idempotency_key":"mine"}"#, false),
        ] {
            let mut fields = serde_json::from_str(text).unwrap();
            assert_eq!(add_key(&mut fields, || "new".to_owned()), given, "{text}");
            let key = fields["idempotency_key"].as_str();
            assert_eq!(key, Some(if given { "new" } else { "mine" }));
        }
    }

    #[test]
    fn patience_ends() {
        let waited: Duration = pauses(Duration::from_secs(30)).sum();
        assert!(
            waited > Duration::from_secs(20) && waited < Duration::from_secs(40),
            "{waited:?}"
        );
        assert_eq!(pauses(Duration::ZERO).next(), None);
    }
}
