//! `berth cordon`, `berth drain`, `berth uncordon`: nodes and GPUs out of use, and back.

use berth_api::cluster::{Cordon, CordonArg, PlaceArg, Uncordon};
use berth_api::views::NodeState;
use berth_domain::Place;

use crate::failure::Failure;
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A node, or one of its GPUs by index.
    #[arg(value_name = "NODE[:GPU]")]
    place: Place,
    /// Why, for whoever waits for it.
    #[arg(short, long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub struct Uncordoned {
    /// A node, or one of its GPUs by index.
    #[arg(value_name = "NODE[:GPU]")]
    place: Place,
}

pub async fn cordon(session: &Session, args: &Args, drain: bool) -> Result<(), Failure> {
    let body = CordonArg {
        place: args.place.to_string(),
        reason: args.reason.clone(),
        drain,
    };
    let call = || session.berth.call(Cordon { body: body.clone() });
    let answer = session.repeat(call).await?;
    session.show(&answer, |answer| {
        let mut nodes = answer.cluster.nodes.iter();
        let node = nodes.find(|node| node.name == args.place.node);
        let idle = node.is_some_and(|node| node.state == NodeState::Drained);
        let place = &args.place;
        match (drain, idle) {
            (false, _) => format!("{place} gets no new jobs; what runs there goes on.\n"),
            (true, true) => format!("{place} is drained: nothing runs there.\n"),
            (true, false) => format!(
                "{place} gets no new jobs. `berth nodes` says when what runs there has ended.\n"
            ),
        }
    })
}

pub async fn uncordon(session: &Session, args: &Uncordoned) -> Result<(), Failure> {
    let body = PlaceArg {
        place: args.place.to_string(),
    };
    let call = || session.berth.call(Uncordon { body: body.clone() });
    let answer = session.repeat(call).await?;
    session.show(&answer, |_| format!("{} gets jobs again.\n", args.place))
}
