//! Waiting for a job.
//!
//! It asks again and again instead of following the live stream: a [`Door`] has one method, asking
//! for one job costs next to nothing, and a job that waits for hours does not mind a second.
//! Progress is told at each change and now and then in between, so that clients which give up on
//! silent calls do not; who cancels the call, or goes, ends the wait. The job does not notice.

use std::time::Duration;

use berth_api::jobs::GetJob;
use berth_api::views::JobRow;
use berth_domain::{JobId, StateName};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::schemars::{self, JsonSchema};
use rmcp::service::RequestContext;
use rmcp::{Peer, RoleServer, tool, tool_router};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::door::Through;
use crate::seen::job::{JobSeen, told};
use crate::told::{Answer, Refused, Told, data};
use crate::{Agent, Door, House};

/// How long one call waits at most. Whoever serves agents keeps their sessions for longer.
pub const LONGEST: Duration = Duration::from_secs(3600);
/// Below what clients are known to give up after when nothing is said.
const USUAL: Duration = Duration::from_secs(120);
/// Between two looks: soon at first, for jobs that take seconds.
const SOON: Duration = Duration::from_millis(250);
const LATER: Duration = Duration::from_secs(2);
/// For how long it looks often.
const AT_FIRST: Duration = Duration::from_secs(10);
/// Between two words of progress when nothing changes.
const SILENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitArgs {
    /// The job's number.
    pub id: u64,
    /// Until it has started, until its command runs, or until it has ended (the default). A job
    /// that ended without having run ends the wait too.
    #[serde(default)]
    pub until: Until,
    /// How long to wait, in seconds. Default 120, at most 3600. Your client may give up sooner:
    /// keep it below that, and call again.
    #[schemars(range(min = 1, max = 3600))]
    pub timeout_s: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Until {
    Started,
    Running,
    #[default]
    Ended,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct WaitSeen {
    /// Whether the job came to what was waited for.
    pub reached: bool,
    /// Whether the time was over first: call again to go on waiting.
    pub timed_out: bool,
    pub waited_s: u64,
    pub job: JobSeen,
}

#[tool_router(router = wait_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// Waits for a job to start, run or end, and says how it is then. When the time is over it says
    /// how far the job is: that is no error, call it again. Cancelling the call leaves the job
    /// alone.
    #[tool(
        output_schema = data::<WaitSeen>(),
        annotations(
            title = "Wait for a job",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn wait_for(
        Parameters(args): Parameters<WaitArgs>,
        Through(door): Through<H>,
        context: RequestContext<RoleServer>,
    ) -> Answer<WaitSeen> {
        let id = JobId(args.id);
        let asked = args.timeout_s.map_or(USUAL, Duration::from_secs);
        let mut wait = Wait {
            began: Instant::now(),
            timeout: asked.clamp(Duration::from_secs(1), LONGEST),
            progress: Progress::new(&context),
        };
        tokio::select! {
            seen = wait.run(&door, id, args.until) => seen,
            // Nobody hears this; what matters is that the wait ends.
            () = context.ct.cancelled() => {
                Err(Refused(format!("The wait for job {id} was cancelled. The job was left alone.")))
            }
        }
    }
}

struct Wait {
    began: Instant,
    timeout: Duration,
    progress: Progress,
}

impl Wait {
    async fn run<D: Door>(&mut self, door: &D, id: JobId, until: Until) -> Answer<WaitSeen> {
        loop {
            let row = door.call(GetJob { id }).await?.job.row;
            let waited = self.began.elapsed();
            let over = row.state == StateName::Finished;
            let reached = until.is_reached(&row);
            let timed_out = waited >= self.timeout;
            if reached || over || timed_out {
                return Ok(self.ended(&row, reached, timed_out && !reached && !over));
            }
            self.progress.tell(&row, waited, self.timeout).await;
            let pause = if waited < AT_FIRST { SOON } else { LATER };
            sleep(pause.min(self.timeout - waited)).await;
        }
    }

    fn ended(&self, row: &JobRow, reached: bool, timed_out: bool) -> Told<WaitSeen> {
        let waited_s = self.began.elapsed().as_secs();
        let text = if timed_out {
            format!(
                "After {waited_s} s it is not there yet. {} Call wait_for again to go on waiting.",
                told(row)
            )
        } else {
            told(row)
        };
        let job = JobSeen::new(row);
        Told::new(
            text,
            WaitSeen {
                reached,
                timed_out,
                waited_s,
                job,
            },
        )
    }
}

impl Until {
    fn is_reached(self, row: &JobRow) -> bool {
        let ran = row.started_at.is_some();
        match (self, row.state) {
            (Until::Ended, state) => state == StateName::Finished,
            (Until::Started, state) => row.is_active() || (state == StateName::Finished && ran),
            (Until::Running, StateName::Running) => true,
            (Until::Running, state) => {
                ran && matches!(state, StateName::Stopping | StateName::Finished)
            }
        }
    }
}

/// Who is told that it still waits, if the client asked for it.
struct Progress {
    peer: Peer<RoleServer>,
    token: Option<ProgressToken>,
    told: Option<(StateName, Instant)>,
}

impl Progress {
    fn new(context: &RequestContext<RoleServer>) -> Self {
        Progress {
            peer: context.peer.clone(),
            token: context.meta.get_progress_token(),
            told: None,
        }
    }

    async fn tell(&mut self, row: &JobRow, waited: Duration, timeout: Duration) {
        let Some(token) = &self.token else { return };
        let old = self
            .told
            .is_none_or(|(state, at)| state != row.state || at.elapsed() >= SILENCE);
        if !old {
            return;
        }
        self.told = Some((row.state, Instant::now()));
        let progress = ProgressNotificationParam::new(token.clone(), waited.as_secs_f64())
            .with_total(timeout.as_secs_f64())
            .with_message(told(row));
        // A client that went away is noticed by the wait's own end.
        let _ = self.peer.notify_progress(progress).await;
    }
}
