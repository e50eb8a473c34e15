//! `berth whoami`: who you are for the server.

use berth_api::cluster::GetWhoami;

use crate::failure::Failure;
use crate::session::Session;

pub async fn run(session: &Session) -> Result<(), Failure> {
    let answer = session.repeat(|| session.berth.call(GetWhoami {})).await?;
    session.show(&answer, |who| {
        let inside = who.projects.iter();
        let inside: String = inside
            .map(|(name, role)| format!(", {role} of {name}"))
            .collect();
        format!("{} ({}{inside}), Berth {}", who.user, who.role, who.version)
    })
}
