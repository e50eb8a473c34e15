//! A waiting job that is expected to miss its deadline: its owner is told early, with what would meet it.
//! Of that the mildest is proposed which its owner could do alone: a shorter time limit that its like kept
//! to, a place before other jobs of the same owner, a higher class.

use std::time::Duration;

use berth_domain::agent::{AgentRule, Considered, Draft};
use berth_domain::line::may_pass;
use berth_domain::{Act, Constraint};
use berth_domain::{InLine, Job, JobPatch, MoveTo, PriorityClass, Timestamp, walltime};
use berth_scheduler::{Action, Effect as Starts, Pending, Remedy, Snapshot, explain, forecast};

use super::shorten_limit::fitting;
use crate::autopilot::bench::{Bench, about, update};
use crate::autopilot::predict::quantile_s;
use crate::autopilot::words;

const RULE: AgentRule = AgentRule::Deadline;
/// Less than this is within what a forecast can tell, in seconds.
const LATE_S: f64 = 300.0;
/// What it costs to ask what would help, in plans.
const EXPLAINED: u64 = 40;

pub(super) fn find(bench: &Bench<'_>) -> Vec<Draft> {
    let late = bench.waiting().into_iter().filter_map(|job| {
        let late = Late::of(bench, job)?;
        bench.is_news(RULE, &late.subject()).then_some(late)
    });
    let mut drafts = Vec::new();
    for late in bench.take_turns(late.collect()) {
        if bench.is_spent() {
            break;
        }
        drafts.extend(tell(bench, &late));
    }
    drafts
}

/// A job and by how much it is expected to be late.
struct Late<'a> {
    job: &'a Job,
    pending: &'a Pending,
    deadline: Timestamp,
    start: Timestamp,
    run_s: f64,
}

impl<'a> Late<'a> {
    fn of(bench: &Bench<'a>, job: &'a Job) -> Option<Self> {
        let deadline = job.spec.deadline.filter(|at| *at > bench.seen.now)?;
        let pending = bench.pending(job.id)?;
        let late = Late {
            job,
            pending,
            deadline,
            start: bench.seen.forecasts.get(&job.id)?.p50.max(bench.seen.now),
            run_s: quantile_s(&pending.job, 0.0, 0.5),
        };
        (late.by(late.start, late.run_s) > LATE_S).then_some(late)
    }

    fn subject(&self) -> String {
        format!("job {} deadline {}", self.job.id, self.deadline)
    }

    /// How much too late it ends, in seconds; negative: in time.
    fn by(&self, start: Timestamp, run_s: f64) -> f64 {
        start.duration_since(self.deadline).as_secs_f64() + run_s
    }
}

/// What could be done about it.
struct Way {
    option: String,
    /// How much too late it would end.
    late_s: f64,
    /// If it is its owner's to do, and to do for them.
    act: Option<(Act, Change)>,
    why_not: &'static str,
}

enum Change {
    Remedy(Remedy),
    Class(PriorityClass),
}

impl Change {
    fn make(&self, snapshot: &mut Snapshot, job: &Job) {
        match self {
            Change::Remedy(remedy) => *snapshot = remedy.apply(snapshot, job.id),
            Change::Class(class) => {
                for one in snapshot
                    .pending
                    .iter_mut()
                    .filter(|one| one.job.id == job.id)
                {
                    one.job.class = *class;
                }
            }
        }
    }
}

fn tell(bench: &Bench<'_>, late: &Late<'_>) -> Option<Draft> {
    let (job, now) = (late.job, bench.seen.now);
    let ways = ways(bench, late);
    let chosen = ways
        .iter()
        .position(|way| way.act.is_some() && way.late_s <= 0.0);
    let act = chosen.and_then(|place| ways[place].act.as_ref());
    let predicted = match act {
        Some((_, change)) => Some(bench.foresee(Some(job.id), |snapshot| {
            change.make(snapshot, job);
        })?),
        None => None,
    };
    let by = late.by(late.start, late.run_s);
    let mut saw = vec![format!(
        "{} is to be done by {}. It is expected to start about {} and to run {}, so that it ends {} too \
         late.",
        words::job(job),
        words::moment(late.deadline, now),
        words::moment(late.start, now),
        words::span(late.run_s),
        words::span(by)
    )];
    let what = match chosen.map(|place| &ways[place]) {
        Some(way) => {
            saw.push(format!(
                "{} it would end {}.",
                way.option,
                in_time(way.late_s)
            ));
            format!(": {} it would make it", lower(&way.option))
        }
        None if ways.iter().any(|way| way.late_s <= 0.0) => {
            ": its owner could change that".to_owned()
        }
        None => {
            saw.push("Nothing that its owner could change would meet it.".to_owned());
            String::new()
        }
    };
    let others = ways.iter().enumerate();
    let others = others.filter(|(place, _)| Some(*place) != chosen);
    let considered = others.map(|(_, way)| Considered {
        option: way.option.clone(),
        why_not: format!("it would end {}; {}", in_time(way.late_s), way.why_not),
    });
    Some(Draft {
        title: format!(
            "Job {} will miss its deadline by {}{what}",
            job.id,
            words::span(by)
        ),
        saw,
        considered: considered.collect(),
        act: act.map(|(act, _)| act.clone()),
        predicted: predicted.map(|foreseen| foreseen.effect),
        ..about(
            job,
            RULE,
            late.subject(),
            bench.within(6).min(late.deadline),
        )
    })
}

fn in_time(late_s: f64) -> String {
    if late_s <= 0.0 {
        format!("{} before its deadline", words::span(-late_s))
    } else {
        format!("still {} too late", words::span(late_s))
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|ch| ch.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

/// Mildest first.
fn ways(bench: &Bench<'_>, late: &Late<'_>) -> Vec<Way> {
    let base = bench.base(Some(late.job.id));
    let mut ways: Vec<Way> = shorter(bench, late, &base.snapshot).into_iter().collect();
    let planning = bench.seen.planning;
    let (policy, experience) = (&planning.policy, &planning.experience);
    let now = bench.seen.now;
    bench.spend(EXPLAINED * base.snapshot.pending.len() as u64);
    let explained = explain(&base.snapshot, policy, now, experience, late.job.id);
    let actions = explained.map(|found| found.actions).unwrap_or_default();
    ways.extend(
        actions
            .into_iter()
            .filter_map(|action| of_action(bench, late, action)),
    );
    ways.extend(higher(bench, late, &base.snapshot));
    ways
}

/// When it would end if this was changed, less the deadline.
fn late_with(bench: &Bench<'_>, late: &Late<'_>, snapshot: &Snapshot, change: &Change) -> f64 {
    let mut changed = snapshot.clone();
    change.make(&mut changed, late.job);
    let planning = bench.seen.planning;
    let all = forecast(
        &changed,
        &planning.policy,
        bench.seen.now,
        &planning.experience,
    );
    let start = all.get(&late.job.id).map_or(late.start, |found| found.p50);
    late.by(start, late.run_s)
}

fn shorter(bench: &Bench<'_>, late: &Late<'_>, snapshot: &Snapshot) -> Option<Way> {
    let limit = fitting(bench, late.job)?;
    let change = Change::Remedy(Remedy::TimeLimit(limit));
    let patch = JobPatch {
        time_limit: Some(limit),
        ..JobPatch::default()
    };
    Some(Way {
        option: with_limit(limit),
        late_s: late_with(bench, late, snapshot, &change),
        act: Some((update(late.job.id, patch), change)),
        why_not: "it starts no sooner for it",
    })
}

fn with_limit(limit: Duration) -> String {
    format!("With a time limit of {}", walltime::format(limit))
}

fn higher(bench: &Bench<'_>, late: &Late<'_>, snapshot: &Snapshot) -> Option<Way> {
    let class = match late.job.spec.class {
        PriorityClass::Low => PriorityClass::Normal,
        PriorityClass::Normal => PriorityClass::High,
        PriorityClass::High | PriorityClass::Critical => return None,
    };
    let change = Change::Class(class);
    let patch = JobPatch {
        class: Some(class),
        ..JobPatch::default()
    };
    Some(Way {
        option: format!("In class {class}"),
        late_s: late_with(bench, late, snapshot, &change),
        act: Some((update(late.job.id, patch), change)),
        why_not: "it would pass others for it",
    })
}

/// What the planner says would help, where it is not among the others.
fn of_action(bench: &Bench<'_>, late: &Late<'_>, action: Action) -> Option<Way> {
    let start = match action.effect {
        Starts::StartsNow => bench.seen.now,
        Starts::Starts(forecast) => forecast.p50,
    };
    let late_s = late.by(start, late.run_s);
    let way = |option: String, why_not| {
        Some(Way {
            option,
            late_s,
            act: None,
            why_not,
        })
    };
    match action.remedy {
        // One that is too short would end it.
        Remedy::TimeLimit(limit) => {
            let enough = quantile_s(&late.pending.job, 0.0, 0.9) <= limit.as_secs_f64();
            let why = "it may run longer, and would be ended by it";
            way(with_limit(limit), why).filter(|_| enough)
        }
        Remedy::Size {
            nodes,
            gpus_per_node,
        } => way(
            format!("On {}", words::gpus(nodes.saturating_mul(gpus_per_node))),
            "it runs longer on fewer, and only its owner knows how much",
        ),
        Remedy::Without(asked) => way(
            format!("Without asking for {}", asks(asked)),
            "only its owner knows what it needs",
        ),
        Remedy::Move(MoveTo::Top) if passes_own(bench, late.job) => {
            let to = MoveTo::Top;
            let change = Change::Remedy(action.remedy);
            let act = Act::Move {
                job: late.job.id,
                to,
            };
            Some(Way {
                option: "Before their other jobs".to_owned(),
                late_s,
                act: Some((act, change)),
                why_not: "it would not be enough",
            })
        }
        Remedy::Move(_) => way(
            "At the top of the queue".to_owned(),
            "it would pass jobs of others, which only an admin may allow",
        ),
        Remedy::Release => None,
    }
}

fn asks(asked: Constraint) -> &'static str {
    match asked {
        Constraint::GpuModel => "a GPU model",
        Constraint::GpuMem => "so much GPU memory",
        Constraint::Nodelist | Constraint::Exclude => "certain nodes",
        Constraint::Nvlink => "one NVLink island",
    }
}

/// Whether at the top it would pass jobs of its owner and nobody else's.
fn passes_own(bench: &Bench<'_>, job: &Job) -> bool {
    let order = bench.seen.plan.order.iter();
    let line = order.filter_map(|id| bench.seen.state.live_job(*id));
    let line: Vec<InLine<'_>> = line.map(in_line).collect();
    may_pass(&line, in_line(job), MoveTo::Top).is_ok()
}

fn in_line(job: &Job) -> InLine<'_> {
    InLine {
        id: job.id,
        owner: &job.owner,
        class: job.spec.class,
    }
}
