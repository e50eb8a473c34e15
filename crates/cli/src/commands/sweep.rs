//! `berth sweep`: one job for each combination of parameters.

use berth_domain::SubmitRequest;

use super::job_args::JobArgs;
use super::submit;
use crate::failure::Failure;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  berth sweep --param lr=1e-3,1e-4 --param seed=0..4 -- python train.py --lr {lr} --seed {seed}
  berth sweep --param fold=1..5 --at-once 2 -g 2 -t 1h -J 'fold-{fold}' -- ./cross-validate {fold}

Each job also finds its values in BERTH_PARAM_LR, BERTH_PARAM_SEED. The last parameter turns fastest.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A parameter and its values: lr=1e-3,1e-4, or seed=0..4 for 0 to 4; once for each.
    #[arg(long = "param", value_name = "NAME=VALUES", required = true)]
    params: Vec<String>,
    /// At most so many run at once.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    at_once: Option<i64>,
    /// Keep them from starting until they are released.
    #[arg(long)]
    hold: bool,
    #[command(flatten)]
    job: JobArgs,
}

pub async fn run(session: &Session, args: Args) -> Result<(), Failure> {
    let request = SubmitRequest {
        sweep: args.params,
        at_once: args.at_once,
        hold: args.hold,
        ..super::job_args::request(session, args.job).await?
    };
    submit::send(session, &request).await
}
