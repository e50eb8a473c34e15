//! A job that ended because its node was lost, with no try left, is queued again: nothing was wrong with it.
//! One that lost a node again and again is only told of.

use berth_domain::agent::{AgentRule, Considered, Draft};
use berth_domain::{Act, Job, Outcome, walltime};
use jiff::SignedDuration;

use crate::autopilot::bench::{Bench, about};
use crate::autopilot::rules::again;
use crate::autopilot::seen::later;
use crate::autopilot::words;

const RULE: AgentRule = AgentRule::RequeueLost;
/// Older losses have been seen by somebody.
const SINCE: SignedDuration = SignedDuration::from_hours(24);
/// So often may a job lose its node before it is suspected to be the cause.
const OFTEN: usize = 3;

pub(super) fn find(bench: &Bench<'_>) -> Vec<Draft> {
    let lost = bench.seen.state.recent().filter(|job| {
        let at = job
            .finished_at()
            .filter(|at| later(*at, SINCE) > bench.seen.now);
        let lost = matches!(job.outcome(), Some(Outcome::NodeLost { .. }));
        // What nobody started here cannot be started again, and who sat at a terminal has gone.
        let ours = job.spec.adopted.is_none() && !job.spec.interactive;
        at.is_some() && lost && ours && bench.is_news(RULE, &subject(job))
    });
    let drafts = lost.map_while(|job| (!bench.is_spent()).then(|| queue_again(bench, job)));
    drafts.flatten().collect()
}

/// Each loss is told once.
fn subject(job: &Job) -> String {
    format!("job {} lost {}", job.id, job.past.len())
}

fn queue_again(bench: &Bench<'_>, job: &Job) -> Option<Draft> {
    let last = job.past.last()?;
    let losses = job.past.iter().map(|past| past.exit.outcome());
    let losses = losses.filter(|outcome| matches!(outcome, Outcome::NodeLost { .. }));
    let losses = losses.count();
    let ran = last
        .started_at
        .map_or(0.0, |at| words::seconds(at, last.ended_at));
    let why = match job.outcome() {
        Some(Outcome::NodeLost { why }) => why.clone(),
        _ => String::new(),
    };
    let saw = vec![
        format!(
            "{} of {} ran {} of its {} on {} when it was lost: {why}.",
            words::job(job),
            job.owner,
            words::span(ran),
            walltime::format(job.spec.time_limit),
            last.lease.summary()
        ),
        "It had no try left, and nobody has queued it again.".to_owned(),
    ];
    let draft = about(job, RULE, subject(job), bench.within(24));
    if losses >= OFTEN {
        return Some(Draft {
            title: format!("Job {} lost its node {losses} times", job.id),
            saw,
            considered: vec![Considered {
                option: "queue it again".to_owned(),
                why_not: "it may be what makes its node fail".to_owned(),
            }],
            ..draft
        });
    }
    let foreseen = bench.foresee(Some(job.id), |snapshot| again(snapshot, job))?;
    let wait = foreseen.with_s.unwrap_or_default();
    Some(Draft {
        title: format!("Job {} lost its node: queue it again", job.id),
        saw,
        considered: vec![
            Considered {
                option: "wait for its owner".to_owned(),
                why_not: format!("queued now it starts within {}", words::span(wait)),
            },
            Considered {
                option: "give it more tries".to_owned(),
                why_not: "it would then also be tried again when it fails by itself".to_owned(),
            },
        ],
        act: Some(Act::Requeue { job: job.id }),
        undo: Some(Act::Cancel { job: job.id }),
        predicted: Some(foreseen.effect),
        ..draft
    })
}
