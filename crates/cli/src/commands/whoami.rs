//! `berth whoami`: who you are for the server.

use berth_api::cluster::GetWhoami;

use crate::failure::Failure;
use crate::session::Session;

pub async fn run(session: &Session) -> Result<(), Failure> {
    let answer = session.repeat(|| session.berth.call(GetWhoami {})).await?;
    session.show(&answer, |who| {
        let admin = if who.admin { " (admin)" } else { "" };
        format!("{}{admin}, Berth {}", who.user, who.version)
    })
}
