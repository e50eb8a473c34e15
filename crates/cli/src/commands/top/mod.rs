//! `berth top`: nodes, GPUs and the queue on a live page of the terminal.

mod page;
mod screen;

use std::io::IsTerminal;
use std::time::Duration;

use berth_api::LiveStream;
use berth_api::cluster::GetPicture;
use berth_api::live::{LiveMessage, Picture};
use berth_domain::Timestamp;

use self::page::{Move, Page};
use self::screen::{Key, Screen};
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::Width;

const EXAMPLES: &str = "\
Keys: q leaves, j/k or arrows go down and up, Tab goes between GPUs and jobs, g/G to the first and last.
The whole reason of the job that is gone to stands at the bottom. Without a terminal it is printed once.";

/// Times on the page go on though nothing happens, and a terminal may get another size.
const TICK: Duration = Duration::from_secs(1);
/// Between two tries to reach the server.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print it once, also on a terminal.
    #[arg(long)]
    once: bool,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let picture = session.repeat(|| session.berth.call(GetPicture {})).await?;
    if session.json {
        return output::json(&picture);
    }
    let mut page = Page::new(picture, session.url());
    if args.once || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return output::print(&page.whole(Timestamp::now(), Width::here()));
    }
    let mut screen = Screen::open()?;
    let mut keys = screen::keys();
    let mut live = None;
    let mut tick = tokio::time::interval(TICK);
    loop {
        screen.draw(&page.lines(Timestamp::now(), screen.size()))?;
        tokio::select! {
            message = next(session, &mut live) => page.told(message),
            key = keys.recv() => match key {
                Some(Key::Leave) | None => return Ok(()),
                Some(Key::Down) => page.go(Move::By(1)),
                Some(Key::Up) => page.go(Move::By(-1)),
                Some(Key::PageDown) => page.go(Move::By(10)),
                Some(Key::PageUp) => page.go(Move::By(-10)),
                Some(Key::First) => page.go(Move::First),
                Some(Key::Last) => page.go(Move::Last),
                Some(Key::Other) => page.other_part(),
            },
            _ = tick.tick() => {}
        }
    }
}

/// What the server said: a picture, what changed of it, or that it is not there.
enum Told {
    All(Box<Picture>),
    Changed(Box<berth_api::live::Delta>),
    Nothing,
    Away(String),
}

/// Waits for the live stream, which is opened again when it broke.
async fn next(session: &Session, live: &mut Option<LiveStream>) -> Told {
    if live.is_none() {
        match session.berth.live().await {
            Ok(stream) => *live = Some(stream),
            Err(error) => {
                tokio::time::sleep(PAUSE).await;
                return Told::Away(error.to_string());
            }
        }
    }
    let Some(stream) = live else {
        return Told::Nothing;
    };
    match stream.next().await {
        Ok(Some(LiveMessage::Snapshot(picture))) => Told::All(picture),
        Ok(Some(LiveMessage::Delta(delta))) => Told::Changed(delta),
        Ok(Some(LiveMessage::Log(_) | LiveMessage::Heartbeat)) => Told::Nothing,
        Ok(None) => {
            *live = None;
            Told::Away("The server ended the connection.".to_owned())
        }
        Err(error) => {
            *live = None;
            Told::Away(error.to_string())
        }
    }
}
