//! A gang that waits long while smaller jobs keep its nodes in pieces goes to the front of its class, where
//! the planner keeps for it what comes free: proposed where that pays, or where it has waited so long that
//! it is its turn whatever it costs. What it costs the others stands on the card.

use berth_domain::agent::{AgentRule, Considered, Draft};
use berth_domain::{Act, Job, MoveTo, PendingReason};
use berth_scheduler::Remedy;

use crate::autopilot::bench::{Bench, about, queued_since};
use crate::autopilot::predict::Foreseen;
use crate::autopilot::words;

const RULE: AgentRule = AgentRule::DrainForGang;
/// So long others wait at most, as alerts have it, in seconds.
const GOAL_S: f64 = 1800.0;
/// It would wait so much longer.
const LATE_S: f64 = 3600.0;
/// It must start so much sooner, in seconds, and as a part of its wait.
const SOONER_S: f64 = 7200.0;
const SOONER: f64 = 0.5;
/// Who waited for so long starves.
const STARVES_S: f64 = 24.0 * 3600.0;
/// Nobody is delayed by more than this part of what the gang gains.
const AT_MOST: f64 = 0.5;
/// So many that came later must have started before it: in a line in which nobody passes it is not its turn.
const PASSED: usize = 3;

pub(super) fn find(bench: &Bench<'_>) -> Vec<Draft> {
    let gangs = bench.waiting().into_iter();
    let gangs = gangs.filter(|job| is_late_gang(bench, job)).collect();
    let mut drafts = Vec::new();
    for job in bench.take_turns(gangs) {
        if bench.is_spent() {
            break;
        }
        drafts.extend(make_room(bench, job));
    }
    drafts
}

fn subject(job: &Job) -> String {
    format!("job {} gang", job.id)
}

/// Several nodes, or a whole one, where smaller jobs take what it needs.
fn is_late_gang(bench: &Bench<'_>, job: &Job) -> bool {
    let nodes = &bench.seen.planning.snapshot.nodes;
    let largest = nodes.iter().map(|node| node.gpus).max().unwrap_or(0);
    let gang = job.spec.nodes > 1 || job.spec.gpus_per_node as usize >= largest.max(2);
    let by_room = matches!(
        bench.seen.plan.reasons.get(&job.id),
        Some(
            PendingReason::Resources { .. }
                | PendingReason::Fragmentation { .. }
                | PendingReason::Priority { .. }
        )
    );
    let late = bench
        .seen
        .forecasts
        .get(&job.id)
        .is_some_and(|forecast| words::seconds(bench.seen.now, forecast.p50) > LATE_S);
    let moved = job.moved.is_some();
    // By limits alone nothing can be said about hours.
    let known = bench
        .pending(job.id)
        .is_some_and(|one| one.job.predicted.is_some());
    gang && by_room
        && known
        && late
        && !moved
        && waited_s(bench, job) > GOAL_S
        && passed(bench, job) >= PASSED
        && bench.is_news(RULE, &subject(job))
}

/// How many jobs that were submitted after it have started since.
fn passed(bench: &Bench<'_>, job: &Job) -> usize {
    let state = bench.seen.state;
    let Some(since) = queued_since(job) else {
        return 0;
    };
    let later = state.live().chain(state.recent()).filter(|other| {
        let attempt = other.attempt().map(|attempt| attempt.granted_at);
        let granted = attempt.or(other.past.last().map(|past| past.granted_at));
        other.submitted_at > since && granted.is_some() && other.spec.gpus() > 0
    });
    later.count()
}

fn waited_s(bench: &Bench<'_>, job: &Job) -> f64 {
    queued_since(job).map_or(0.0, |since| words::seconds(since, bench.seen.now))
}

fn make_room(bench: &Bench<'_>, job: &Job) -> Option<Draft> {
    let to = MoveTo::Top;
    let foreseen = bench.foresee(Some(job.id), |snapshot| {
        *snapshot = Remedy::Move(to).apply(snapshot, job.id);
    })?;
    let (without, with) = foreseen.without_s.zip(foreseen.with_s)?;
    let sooner = without - with;
    let effect = foreseen.effect;
    let waited = waited_s(bench, job);
    let starves = waited > STARVES_S;
    let pays = foreseen.weighted_s < 0.0;
    if !is_worth_it(&foreseen) || !(pays || starves) || !is_seen_whole(&foreseen) {
        return None;
    }
    let mean = foreseen.all_s;
    let cost = format!(
        "in the worst of the cases tried it delays another by {}, and the mean wait of those that wait or \
         come {} by {}; over all of them, counted by GPUs it {} by {}, counted by jobs it {} by {}",
        words::span(effect.worst_delay_s),
        falls(effect.worst_mean_s),
        words::span(effect.worst_mean_s.abs()),
        falls(foreseen.weighted_s),
        words::span(foreseen.weighted_s.abs()),
        falls(mean),
        words::span(mean.abs()),
    );
    let size = match job.spec.nodes {
        1 => format!("{} of one node", words::gpus(job.spec.gpus_per_node)),
        nodes => format!(
            "{} on each of {nodes} nodes",
            words::gpus(job.spec.gpus_per_node)
        ),
    };
    let mut saw = vec![
        format!(
            "{} of {} needs {size}, has waited {} and is expected to wait {} more, while smaller jobs \
             take what comes free.",
            words::job(job),
            job.owner,
            words::span(waited),
            words::span(without)
        ),
        format!(
            "{} jobs that came later have started since. At the front it would wait {}.",
            passed(bench, job),
            words::span(with)
        ),
    ];
    if starves {
        let bound = words::span(STARVES_S);
        saw.push(format!("Who has waited longer than {bound} starves."));
    }
    saw.push(format!("What it costs: {cost}."));
    Some(Draft {
        title: format!(
            "Make room for job {}: it would start {} sooner",
            job.id,
            words::span(sooner)
        ),
        saw,
        considered: vec![
            Considered {
                option: "leave it to the policy".to_owned(),
                why_not: format!("it then waits {} longer", words::span(sooner)),
            },
            Considered {
                option: format!("reserve {size} for {}", job.owner),
                why_not:
                    "that is kept from a time on, used or not, and for all of their jobs; at the \
                          front only what this one needs is kept, from when it comes free"
                        .to_owned(),
            },
            Considered {
                option: "stop smaller jobs".to_owned(),
                why_not: "who was promised to run to its end is not stopped".to_owned(),
            },
        ],
        act: Some(Act::Move { job: job.id, to }),
        predicted: Some(effect),
        // It costs others, so that its owner is not the one to ask.
        asks: None,
        ..about(job, RULE, subject(job), bench.within(2))
    })
}

/// Whether the gang gains enough, and nobody else loses too much for it.
fn is_worth_it(foreseen: &Foreseen) -> bool {
    let Some((without, with)) = foreseen.without_s.zip(foreseen.with_s) else {
        return false;
    };
    let sooner = without - with;
    // In no draw does another user lose more than it gains in that draw.
    let fair = foreseen.effect.worst_delay_s <= AT_MOST * sooner && foreseen.against_s <= 0.0;
    fair && sooner >= SOONER_S && sooner >= SOONER * without
}

/// What it costs is told of the day that is followed. Where those who wait do not all start in it, the
/// queue carries the cost on to who comes later, and nothing can be said of them.
fn is_seen_whole(foreseen: &Foreseen) -> bool {
    foreseen.settles || foreseen.effect.worst_mean_s <= 0.0
}

fn falls(change_s: f64) -> &'static str {
    if change_s > 0.0 { "rises" } else { "falls" }
}

#[cfg(test)]
mod tests {
    use berth_domain::agent::Effect;

    use super::*;

    const HOUR: f64 = 3600.0;

    fn foreseen(without_s: f64, with_s: f64, worst_delay_s: f64, against_s: f64) -> Foreseen {
        Foreseen {
            effect: Effect {
                worst_delay_s,
                ..Effect::default()
            },
            without_s: Some(without_s),
            with_s: Some(with_s),
            all_s: 0.0,
            weighted_s: 0.0,
            at_worst_s: 0.0,
            against_s,
            settles: true,
        }
    }

    #[test]
    fn in_a_queue_that_does_not_empty_nothing_is_done_that_costs() {
        let queue = |settles, worst_mean_s| {
            let mut foreseen = foreseen(0.0, 0.0, 0.0, 0.0);
            foreseen.settles = settles;
            foreseen.effect.worst_mean_s = worst_mean_s;
            is_seen_whole(&foreseen)
        };
        assert!(queue(true, 60.0));
        assert!(queue(false, -60.0));
        assert!(!queue(false, 60.0));
    }

    #[test]
    fn room_is_made_where_the_gang_gains_much_and_others_lose_less() {
        let worth = |without: f64, with: f64, worst: f64, against: f64| {
            is_worth_it(&foreseen(
                without * HOUR,
                with * HOUR,
                worst * HOUR,
                against * HOUR,
            ))
        };
        assert!(worth(4.0, 2.0, 1.0, -1.0));
        // Less than two hours.
        assert!(!worth(2.9, 1.0, 0.0, -1.9));
        // Less than half of its wait.
        assert!(!worth(8.0, 5.0, 0.0, -3.0));
        // Somebody loses more than half of that.
        assert!(!worth(4.0, 2.0, 1.1, -1.0));
        // In one draw another user loses more than it gains.
        assert!(!worth(4.0, 2.0, 1.0, 0.1));
    }
}
