//! Where a connection comes from: an address, or a process on this host.

use std::net::IpAddr;

use axum::extract::connect_info::Connected;
use axum::http::HeaderMap;
use axum::serve::IncomingStream;
use tokio::net::{TcpListener, UnixListener};

/// What proxies write the address in that they were called from.
const FORWARDED: &str = "x-forwarded-for";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remote {
    Address(IpAddr),
    /// Through the socket; the kernel says whose process it is. `None`: it could not say.
    Process {
        uid: Option<u32>,
    },
}

impl Remote {
    /// The address that a request comes from. What a header says of it is believed of proxies that are
    /// known, and of nobody else.
    pub fn address(self, headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
        let Remote::Address(address) = self else {
            return None;
        };
        let mut last = address.to_canonical();
        if !proxies.contains(&last) {
            return Some(last);
        }
        // Each proxy adds whom it was called by at the end, so the last that is no proxy is the one.
        let hops = headers.get_all(FORWARDED).iter().rev();
        let hops = hops.filter_map(|hop| hop.to_str().ok());
        for hop in hops.flat_map(|hops| hops.rsplit(',')) {
            let Ok(hop) = hop.trim().parse::<IpAddr>() else {
                break;
            };
            last = hop.to_canonical();
            if !proxies.contains(&last) {
                break;
            }
        }
        Some(last)
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Remote {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Remote::Address(stream.remote_addr().ip())
    }
}

impl Connected<IncomingStream<'_, UnixListener>> for Remote {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        let peer = stream.io().peer_cred();
        Remote::Process {
            uid: peer.ok().map(|peer| peer.uid()),
        }
    }
}

impl Connected<std::net::SocketAddr> for Remote {
    fn connect_info(address: std::net::SocketAddr) -> Self {
        Remote::Address(address.ip())
    }
}
