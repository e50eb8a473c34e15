//! Where requests come in: the address, by TLS if it has a certificate, and this host's socket.

use std::future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use tokio::net::{TcpListener, UnixListener};

use crate::AnyError;
use crate::config::Config;
use crate::identity::peer;
use crate::identity::remote::Remote;
use crate::serve::stop_signal;

#[derive(Debug)]
pub struct Doors {
    address: TcpListener,
    certificate: Option<RustlsConfig>,
    socket: Option<Socket>,
}

/// It goes when the server does.
#[derive(Debug)]
struct Socket {
    listener: Option<UnixListener>,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Doors {
    pub async fn open(config: &Config) -> Result<Self, AnyError> {
        let address = TcpListener::bind(&config.addr).await.map_err(|error| {
            format!(
                "cannot listen on {}: {error}. Choose another with --addr",
                config.addr
            )
        })?;
        let certificate = if config.tls_cert.is_empty() {
            None
        } else {
            let files = (&config.tls_cert, &config.tls_key);
            let read = RustlsConfig::from_pem_file(files.0, files.1).await;
            let read = read.map_err(|error| {
                format!(
                    "cannot use the certificate {} with the key {}: {error}",
                    files.0, files.1
                )
            })?;
            Some(read)
        };
        Ok(Doors {
            address,
            certificate,
            socket: socket(config)?,
        })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.address.local_addr()
    }

    /// Serves until the server is told to stop.
    pub async fn serve(self, app: Router) -> io::Result<()> {
        let mut socket = self.socket;
        let local = socket.as_mut().and_then(|socket| socket.listener.take());
        let remote = app.clone().into_make_service_with_connect_info::<Remote>();
        let at_socket = async move {
            match local {
                Some(local) => {
                    let app = app.into_make_service_with_connect_info::<Remote>();
                    axum::serve(local, app)
                        .with_graceful_shutdown(stop_signal())
                        .await?;
                    // The other door ends what is under way there.
                    future::pending().await
                }
                None => future::pending().await,
            }
        };
        let at_address = async move {
            match self.certificate {
                Some(certificate) => {
                    let address = self.address.into_std()?;
                    let server = axum_server::from_tcp_rustls(address, certificate)?;
                    server.serve(remote).await
                }
                None => {
                    axum::serve(self.address, remote)
                        .with_graceful_shutdown(stop_signal())
                        .await
                }
            }
        };
        tokio::select! {
            result = at_address => result,
            result = at_socket => result,
        }
    }
}

/// The socket that is configured, or one in the data folder, which not every path is short enough for.
fn socket(config: &Config) -> Result<Option<Socket>, AnyError> {
    let named = !config.socket.is_empty();
    let path = match named {
        true => PathBuf::from(&config.socket),
        false => config.data.join("berth.sock"),
    };
    match listen(&path) {
        Ok(listener) => Ok(Some(Socket {
            listener: Some(listener),
            path,
        })),
        Err(error) if named => {
            Err(format!("cannot listen on the socket {}: {error}", path.display()).into())
        }
        Err(error) => {
            tracing::warn!(%error, "there is no socket at {}: set one, or use tokens", path.display());
            Ok(None)
        }
    }
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        std::fs::create_dir_all(folder)?;
    }
    peer::listen(path)
}
