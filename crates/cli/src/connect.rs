//! Where the server is, and the token to use there.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::login_file::{self, Login};

const DEFAULT_URL: &str = "http://127.0.0.1:3000";

#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Flags {
    /// The server. Default: what the server on this host wrote, or http://127.0.0.1:3000.
    #[arg(long, global = true, env = "BERTH_URL", value_name = "URL")]
    pub url: Option<String>,
    /// A file that holds the token. Default: BERTH_TOKEN, what `berth login` kept, cli.token in the data
    /// folder; on the server's host none is needed.
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The data folder of a server on this host. Default: ~/.local/share/berth.
    #[arg(long, global = true, env = "BERTH_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Flags {
    /// For a command that has none of these flags: what the environment says.
    pub fn from_env() -> Self {
        Flags {
            url: std::env::var("BERTH_URL").ok(),
            token_file: None,
            data: std::env::var_os("BERTH_DATA").map(PathBuf::from),
        }
    }
}

/// Where to call, with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub url: String,
    /// `None`: there is none; the server will refuse, and the message then says this.
    pub token: Option<String>,
    /// Where a token was looked for last.
    pub token_place: PathBuf,
    /// The socket of this host's server, where there is no token for it.
    pub socket: Option<PathBuf>,
}

/// Where a server listens for everybody on its host, if its admin wants that.
const SOCKET: &str = "/run/berth/berth.sock";

/// Finds server and token.
pub fn find(flags: &Flags) -> Result<Target, Failure> {
    let data = flags
        .data
        .clone()
        .filter(|path| !path.as_os_str().is_empty());
    let data = data.unwrap_or_else(default_data);
    let token = std::env::var("BERTH_TOKEN").ok();
    let login = login_file::place().map(|place| login_file::read(&place));
    let login = login.transpose().map_err(Failure::Other)?.flatten();
    resolve(flags, &data, token.as_deref(), login)
}

fn resolve(
    flags: &Flags,
    data: &Path,
    env_token: Option<&str>,
    login: Option<Login>,
) -> Result<Target, Failure> {
    let written = read_line(&data.join("cli.url"));
    let named = flags
        .url
        .as_deref()
        .map(str::trim)
        .filter(|url| !url.is_empty());
    let url = named
        .or(written.as_deref())
        .or(login.as_ref().map(|login| login.url.as_str()))
        .unwrap_or(DEFAULT_URL)
        .to_owned();
    let token_place = data.join("cli.token");
    if let Some(file) = &flags.token_file {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Failure::Other(format!(
                "The token file {} cannot be read: {error}.",
                file.display()
            ))
        })?;
        let token = Some(text.trim().to_owned()).filter(|token| !token.is_empty());
        return Ok(Target {
            url,
            token,
            token_place: file.clone(),
            socket: None,
        });
    }
    let env_token = env_token.map(str::trim).filter(|token| !token.is_empty());
    // The token of this host's server is for this host's server: it is not sent to another one.
    let ours = (named.is_none() && written.is_some())
        || is_loopback(&url)
        || written.as_deref() == Some(url.as_str());
    let logged_in = login.filter(|login| login.url == url.trim_end_matches('/'));
    let token = match env_token {
        Some(token) => Some(token.to_owned()),
        None if logged_in.is_some() => logged_in.map(|login| login.token),
        None if ours => read_line(&token_place),
        None => None,
    };
    let sockets = [data.join("berth.sock"), PathBuf::from(SOCKET)];
    let wanted = token.is_none() && named.is_none();
    let socket = sockets.into_iter().find(|socket| wanted && socket.exists());
    Ok(Target {
        url,
        token,
        token_place,
        socket,
    })
}

/// `$XDG_DATA_HOME/berth` or `~/.local/share/berth`, as the server has it.
fn default_data() -> PathBuf {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_else(|| PathBuf::from("."));
    base.join("berth")
}

fn read_line(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|line| !line.is_empty())
}

fn is_loopback(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    if authority.contains('@') {
        return false;
    }
    let host = match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((host, _)) => host,
        None => authority.split(':').next().unwrap_or(authority),
    };
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(url: Option<&str>, token: Option<&str>) -> PathBuf {
        let name = format!("berth-cli-test-{:x}", rand::random::<u64>());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        if let Some(url) = url {
            std::fs::write(folder.join("cli.url"), format!("{url}\n")).unwrap();
        }
        if let Some(token) = token {
            std::fs::write(folder.join("cli.token"), format!("{token}\n")).unwrap();
        }
        folder
    }

    fn named(url: &str) -> Flags {
        Flags {
            url: Some(url.to_owned()),
            ..Flags::default()
        }
    }

    #[test]
    fn the_servers_own_notes_are_used() {
        let folder = data(Some("http://127.0.0.1:3456"), Some("secret"));
        let target = resolve(&Flags::default(), &folder, None, None).unwrap();
        assert_eq!(target.url, "http://127.0.0.1:3456");
        assert_eq!(target.token.as_deref(), Some("secret"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn flags_and_environment_stand_above_them() {
        let folder = data(Some("http://127.0.0.1:3456"), Some("secret"));
        let target = resolve(&named("http://localhost:9"), &folder, Some("other"), None).unwrap();
        assert_eq!(target.url, "http://localhost:9");
        assert_eq!(target.token.as_deref(), Some("other"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_local_token_stays_on_this_host() {
        let folder = data(Some("https://gpu.lab.example"), Some("secret"));
        let token = |url| resolve(&named(url), &folder, None, None).unwrap().token;
        for url in [
            "http://127.0.0.1:1/",
            "http://LOCALHOST",
            "http://[::1]:3000",
            "https://gpu.lab.example",
        ] {
            assert_eq!(token(url).as_deref(), Some("secret"), "{url}");
        }
        for url in [
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
            "http://10.0.0.1:3000",
            "http://evil.example/localhost",
            "localhost",
        ] {
            assert_eq!(token(url), None, "{url}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_login_is_for_its_server_alone() {
        let folder = data(None, None);
        let login = || {
            Some(Login {
                url: "https://gpu.lab.example".to_owned(),
                token: "hers".to_owned(),
            })
        };
        let found = resolve(&Flags::default(), &folder, None, login()).unwrap();
        assert_eq!(found.url, "https://gpu.lab.example");
        assert_eq!(found.token.as_deref(), Some("hers"));
        let named_so = resolve(&named("https://gpu.lab.example/"), &folder, None, login()).unwrap();
        assert_eq!(named_so.token.as_deref(), Some("hers"));
        let other = resolve(&named("https://evil.example"), &folder, None, login()).unwrap();
        assert_eq!(other.token, None);
        let env = resolve(&Flags::default(), &folder, Some("mine"), login()).unwrap();
        assert_eq!(env.token.as_deref(), Some("mine"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_anything_the_default_is_tried() {
        let folder = data(None, None);
        let target = resolve(&Flags::default(), &folder, Some(" "), None).unwrap();
        assert_eq!((target.url.as_str(), target.token), (DEFAULT_URL, None));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
