//! The socket for people on the server's host, who need no login: the kernel says which user a process runs
//! as, and nobody can forge that.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use berth_api::{ApiError, ErrorCode};
use berth_domain::{Actor, UserName};
use berth_store::Store;
use nix::unistd::{Uid, User, geteuid};
use tokio::net::UnixListener;

/// Listens on a socket that everybody on this host may connect to, as far as its folder lets them.
///
/// # Errors
/// When something else is at the path, or another server listens there.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => {
            return Err(io::Error::other("there is a file of that name"));
        }
        Ok(_) if UnixStream::connect(path).is_ok() => {
            return Err(io::Error::other("another server listens there"));
        }
        // What a server left that was killed.
        Ok(_) => fs::remove_file(path)?,
        Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// Who a process is here: the user that the server runs as and root are its admin, everybody else is whom
/// they are called on this host.
///
/// # Errors
/// When nobody here is called that.
pub async fn who(store: &Store, admin: &UserName, uid: Option<u32>) -> Result<Actor, ApiError> {
    let Some(uid) = uid.map(Uid::from_raw) else {
        return Err(ApiError::new(
            ErrorCode::Unauthenticated,
            "This host does not say who you are. Send a token.",
        ));
    };
    let name = if uid.is_root() || uid == geteuid() {
        admin.clone()
    } else {
        let found = tokio::task::spawn_blocking(move || User::from_uid(uid)).await;
        let found = found.ok().and_then(Result::ok).flatten();
        let user = found.ok_or_else(|| {
            ApiError::new(
                ErrorCode::Unauthenticated,
                format!("This host has no name for user {uid}. Send a token."),
            )
        })?;
        UserName(user.name)
    };
    let user = store.user(&name).await.map_err(|error| {
        tracing::error!(%error, "cannot look up who is at the socket");
        ApiError::new(ErrorCode::Unavailable, super::login::UNREADABLE)
    })?;
    let user = user.ok_or_else(|| {
        ApiError::new(
            ErrorCode::Unauthenticated,
            format!(
                "You are {name} on this host, and there is no user {name} here. Ask an admin, or send a token."
            ),
        )
    })?;
    Ok(Actor::user(user.name, user.role))
}
