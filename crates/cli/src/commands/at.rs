//! `berth at`: the cluster and its queue at a time that is over.

use berth_api::history::{ClusterAt, PastAnswer};
use berth_api::views::JobRow;
use jiff::Zoned;

use super::nodes;
use crate::failure::Failure;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth at 18:00                  today, or else yesterday
  berth at 3h                     three hours ago
  berth at 2026-11-24T03:00 --gpus";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// 90m, 3d, 18:00, 2026-11-24T03:00.
    #[arg(value_name = "TIME")]
    time: String,
    /// A line for each GPU.
    #[arg(short, long)]
    gpus: bool,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let at = time::past(&args.time, &Zoned::now()).map_err(Failure::Usage)?;
    let call = || session.berth.call(ClusterAt { at: at.clone() });
    let answer = session.repeat(call).await?;
    session.show(&answer, |answer| text(answer, args.gpus, Width::here()))
}

fn text(answer: &PastAnswer, gpus: bool, width: Width) -> String {
    let picture = &answer.picture;
    let nodes = &picture.cluster.nodes;
    let mut text = format!("{}\n\n", time::local(answer.at));
    text += &if gpus {
        nodes::by_gpu(nodes, width)
    } else {
        nodes::by_node(nodes, answer.at, width)
    };
    let rows = picture.active_rows().chain(picture.queue_rows());
    let rows: Vec<JobRow> = rows.cloned().collect();
    if rows.is_empty() {
        text += "\nNothing ran or waited.\n";
    } else {
        text += "\n";
        text += &table::jobs(&rows, &[], answer.at, width);
    }
    let waiting = picture.counts.queued + picture.counts.held;
    let shown = u32::try_from(picture.queue.len()).unwrap_or(u32::MAX);
    if waiting > shown {
        text += &format!("{} more waited.\n", waiting - shown);
    }
    for one in &answer.reservations {
        let whose = one.user.as_ref().map(ToString::to_string);
        let whose = whose.or_else(|| one.project.clone()).unwrap_or_default();
        if let Some(next) = &one.next {
            text += &format!(
                "Reserved for {whose}: {} from {} to {}\n",
                one.what,
                time::local(next.start),
                time::local(next.end)
            );
        }
    }
    text
}
