//! `berth campaign`: Berth plans the trials of a job within a budget, and decides the next ones by itself.

mod file;
mod show;
mod steer;

use std::path::PathBuf;

use berth_api::campaigns::{
    CampaignView, ChangeCampaign, ChangeCampaignArg, GetCampaign, ListCampaigns, PreviewCampaign,
    StartCampaign,
};
use berth_domain::campaign::CampaignChange;
use berth_domain::{CampaignId, Timestamp};
use clap::Subcommand;

use crate::failure::Failure;
use crate::session::Session;
use crate::table::{self, Width};

const EXAMPLES: &str = "\
Examples:
  berth campaign start find-lr.toml --dry-run
  berth campaign start find-lr.toml
  berth campaign show 3
  berth campaign steer 3 --range lr=1e-4..1e-2 --note \"it diverges above\"
  berth campaign steer 3 --gpu-hours 20
  berth campaign end 3

docs/campaigns.md says what the file holds.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start a campaign from a TOML file.
    Start(Start),
    /// Campaigns that go on.
    List(List),
    /// A campaign, its trials and the best so far.
    Show(One),
    /// Begin no further trial; those that run go on.
    Pause(Because),
    /// Let it go on.
    Resume(One),
    /// Change where it goes from here on.
    Steer(steer::Args),
    /// End it, and cancel what of it waits or runs.
    End(End),
}

#[derive(Debug, clap::Args)]
struct Start {
    file: PathBuf,
    /// Say what it would come to, and start nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
struct List {
    /// Also the last ones that ended.
    #[arg(short, long)]
    all: bool,
}

#[derive(Debug, clap::Args)]
struct One {
    id: CampaignId,
}

#[derive(Debug, clap::Args)]
struct Because {
    id: CampaignId,
    /// Why, for whoever reads it later.
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
}

#[derive(Debug, clap::Args)]
struct End {
    #[command(flatten)]
    which: Because,
    /// Let what waits and runs go on; its results are still read.
    #[arg(long)]
    keep_jobs: bool,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    match &args.verb {
        Verb::Start(args) => start(session, args).await,
        Verb::List(args) => {
            let all = args.all.then_some(true);
            let call = || session.berth.call(ListCampaigns { all });
            let answer = session.repeat(call).await?;
            if session.json {
                return crate::output::json(&answer.campaigns);
            }
            crate::output::print(&show::list(
                &answer.campaigns,
                Timestamp::now(),
                Width::here(),
            ))
        }
        Verb::Show(One { id }) => {
            let call = || session.berth.call(GetCampaign { id: *id });
            let answer = session.repeat(call).await?;
            session.show(&answer, |campaign| {
                show::one(campaign, Timestamp::now(), Width::here())
            })
        }
        Verb::Pause(Because { id, because }) => {
            let why = because
                .clone()
                .unwrap_or_else(|| "paused by hand".to_owned());
            change(session, *id, CampaignChange::Pause { why }).await
        }
        Verb::Resume(One { id }) => change(session, *id, CampaignChange::Resume).await,
        Verb::Steer(args) => {
            let steering = steer::steering(session, args).await?;
            let to = CampaignChange::Steer(Box::new(steering));
            change(session, args.id, to).await
        }
        Verb::End(End { which, keep_jobs }) => {
            let why = which
                .because
                .clone()
                .unwrap_or_else(|| "ended by hand".to_owned());
            let jobs = !keep_jobs;
            change(session, which.id, CampaignChange::End { why, jobs }).await
        }
    }
}

async fn start(session: &Session, args: &Start) -> Result<(), Failure> {
    let spec = file::read(&args.file)?;
    if args.dry_run {
        let call = || {
            let body = spec.clone();
            session.berth.call(PreviewCampaign { body })
        };
        let answer = session.repeat(call).await?;
        return session.show(&answer, |preview| {
            show::preview(&spec, preview, Timestamp::now())
        });
    }
    // The key makes one whose answer was lost the same campaign.
    let call = || {
        let body = spec.clone();
        session.berth.call(StartCampaign { body })
    };
    let answer = session.repeat(call).await?;
    session.show(&answer, |campaign| {
        format!("Started campaign {}\n", campaign.row.id)
    })
}

async fn change(session: &Session, id: CampaignId, change: CampaignChange) -> Result<(), Failure> {
    let body = ChangeCampaignArg { id, change };
    let answer = session
        .once(session.berth.call(ChangeCampaign { body }))
        .await?;
    session.show(&answer, changed)
}

fn changed(campaign: &CampaignView) -> String {
    let row = &campaign.row;
    let why = row.why.as_ref();
    let why = why.map_or(String::new(), |why| format!(" ({})", table::printable(why)));
    format!("Campaign {} is {}{why}.\n", row.id, row.state)
}
