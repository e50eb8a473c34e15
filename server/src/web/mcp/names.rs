//! By which names this server is known. A page that made its own name point here (DNS rebinding)
//! would send that name as `Host`: it is turned away. What is an address in digits is no such name.

use std::net::IpAddr;

use berth_api::{ApiError, ErrorCode};
use http::uri::Authority;
use http::{HeaderMap, Uri, header};

use crate::inventory::hostname;

#[derive(Debug)]
pub struct Names(Vec<String>);

impl Names {
    /// Those of a server that people reach by this URL.
    pub fn of(url: &str) -> Self {
        let public = url.parse::<Uri>().ok();
        let public = public.and_then(|url| url.host().map(str::to_owned));
        let own = [Some("localhost".to_owned()), Some(hostname()), public];
        Names(own.into_iter().flatten().collect())
    }

    /// # Errors
    /// When the request was sent to a name that is not ours.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let asked = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let asked = asked.and_then(|host| host.parse::<Authority>().ok());
        // HTTP/2 has no such header.
        let asked = asked.or_else(|| uri.authority().cloned());
        let host = asked.as_ref().map(Authority::host);
        if host.is_some_and(|host| self.is_known(host)) {
            return Ok(());
        }
        let host = host.unwrap_or_default();
        Err(ApiError::new(
            ErrorCode::Forbidden,
            format!(
                "The server does not know itself as '{}'. Set url in berth.toml, or BERTH_URL where the server \
                 is started, to the address that people reach it by.",
                host.escape_debug()
            ),
        ))
    }

    fn is_known(&self, host: &str) -> bool {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().is_ok()
            || self.0.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}
