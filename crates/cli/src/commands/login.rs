//! `berth login` and `berth logout`: a token that is kept for a server elsewhere.

use std::io::{self, BufRead, IsTerminal, Write};

use berth_api::Berth;
use berth_api::cluster::GetWhoami;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use crate::connect::Flags;
use crate::failure::Failure;
use crate::login_file::{self, Login};

const EXAMPLES: &str = "\
Examples:
  berth login https://gpu.example.org
  berth login https://gpu.example.org < token.txt

A token is made on the page Settings. It is kept in ~/.config/berth/login.toml, which only you can read.
On the server's own host no login is needed.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The server. Default: --url or BERTH_URL.
    server: Option<String>,
}

pub async fn run(flags: &Flags, args: &Args) -> Result<(), Failure> {
    let url = args.server.as_ref().or(flags.url.as_ref());
    let url = url.ok_or_else(|| {
        Failure::Usage("Which server? `berth login https://gpu.example.org`.".to_owned())
    })?;
    let url = url.trim().trim_end_matches('/').to_owned();
    let place = login_file::place()
        .ok_or_else(|| Failure::Other("HOME is not set: there is no place to keep it.".into()))?;
    let token =
        asked(&url).map_err(|error| Failure::Other(format!("Nothing was read: {error}.")))?;
    let berth = Berth::new(&url, &token).map_err(Failure::Refused)?;
    let who = berth.call(GetWhoami {}).await.map_err(|error| {
        if error.code() == berth_api::ErrorCode::Unreachable {
            let url = url.clone();
            return Failure::Unreachable { url, error };
        }
        Failure::Refused(error)
    })?;
    let login = Login { url, token };
    login_file::write(&place, &login).map_err(|error| {
        Failure::Other(format!("{} cannot be written: {error}.", place.display()))
    })?;
    println!("Logged in to {} as {} ({}).", login.url, who.user, who.role);
    Ok(())
}

/// Forgets it here. It stays good where else it is.
pub fn forget() -> Result<(), Failure> {
    let place = login_file::place();
    let gone = place.map(std::fs::remove_file);
    match gone {
        Some(Ok(())) => println!(
            "The token is forgotten here. `berth token list` on another host, or the page Settings, revokes it."
        ),
        _ => println!("You were not logged in."),
    }
    Ok(())
}

/// From the terminal without showing it, or from a pipe.
fn asked(url: &str) -> io::Result<String> {
    let stdin = io::stdin();
    let hidden = stdin.is_terminal();
    let before = hidden.then(|| tcgetattr(&stdin)).transpose()?;
    if let Some(before) = &before {
        eprint!("A token of yours from {url}/settings: ");
        io::stderr().flush()?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&stdin, SetArg::TCSANOW, &quiet)?;
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if let Some(before) = &before {
        tcsetattr(&stdin, SetArg::TCSANOW, before)?;
        eprintln!();
    }
    read?;
    let token = line.trim();
    if token.is_empty() {
        return Err(io::Error::other("there was no token"));
    }
    Ok(token.to_owned())
}
