//! `berth why`: the reason alone, in words.

use berth_api::jobs::JobDetailAnswer;
use berth_domain::StateName;

use super::show;
use crate::failure::Failure;
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    job: show::Args,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let answer = session.job(args.job.id).await?;
    session.show(&answer, reason)
}

fn reason(answer: &JobDetailAnswer) -> String {
    let row = &answer.job.row;
    match (row.state, &row.reason_text, &row.outcome_text) {
        (_, Some(reason), _) => reason.clone(),
        (StateName::Finished, _, Some(outcome)) => format!("It has ended: {outcome}."),
        (StateName::Held | StateName::Queued, ..) => {
            "The planner has not looked at it yet.".to_owned()
        }
        (state, ..) => format!("It does not wait: it is {}.", state.as_str().to_lowercase()),
    }
}
