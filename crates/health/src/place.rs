//! Nodes, the server's disk, and the queue.

use std::time::Duration;

use berth_domain::{AlertRule, Choice, Node, Subject};

use crate::condition::{Condition, Verdict, Words, if_wrong};
use crate::observed::Observed;
use crate::rules::Rules;
use crate::words;

/// Fewer waiting jobs say nothing about the queue.
const ENOUGH: usize = 3;

pub(crate) fn look(observed: &Observed, rules: &Rules) -> Vec<Condition> {
    let nodes = observed.nodes.iter().map(|node| Condition {
        rule: AlertRule::NodeSilent,
        subject: Subject::Node {
            node: node.name.clone(),
        },
        verdict: if_wrong(silent(observed, rules, node)),
    });
    let rest = [
        Condition {
            rule: AlertRule::DataDisk,
            subject: Subject::Server,
            verdict: disk(observed, rules),
        },
        Condition {
            rule: AlertRule::QueueWait,
            subject: Subject::Queue,
            verdict: if_wrong(waits(observed, rules)),
        },
    ];
    nodes.chain(rest).collect()
}

/// It does not answer, or nothing is measured there any more.
fn silent(observed: &Observed, rules: &Rules, node: &Node) -> Option<Words> {
    let limit = rules.get(AlertRule::NodeSilent)?.limit;
    let since = |at| observed.now.duration_since(at);
    let (since, what) = if node.present {
        let heard = observed.heard.get(&node.name)?;
        (since(*heard), "sends no measurements")
    } else {
        (since(node.gone_at?), "does not answer")
    };
    if since.as_secs_f64() < limit {
        return None;
    }
    Some(Words {
        text: format!("{} {what} any more.", node.name),
        advice: if node.present {
            "Its GPUs are leased all the same. Look at its daemon: systemctl status berth-node."
        } else {
            "It gets no job, and what ran there is queued again if it stays away. Look whether it is \
             up and reachable."
        }
        .to_owned(),
        asks: None,
        choices: vec![Choice::Cordon, Choice::Ignore],
    })
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no exact bytes")]
fn disk(observed: &Observed, rules: &Rules) -> Verdict {
    let Some(disk) = observed.disk.filter(|disk| disk.total_bytes > 0) else {
        return Verdict::Unknown;
    };
    let limit = rules
        .get(AlertRule::DataDisk)
        .map_or(0.0, |rule| rule.limit);
    let pct = 100.0 * disk.free_bytes as f64 / disk.total_bytes as f64;
    let gib = disk.free_bytes as f64 / f64::from(1 << 30);
    if_wrong((pct < limit).then(|| Words {
        text: format!("The disk of the server's data has {gib:.1} GiB left ({pct:.0}%)."),
        advice: "When it is full nothing can be submitted any more. Logs and uploaded folders of old \
                 jobs take the most: they are in runs/ and packages/ of the data folder."
            .to_owned(),
        asks: None,
        choices: vec![Choice::Ignore],
    }))
}

/// Ordinary jobs wait longer than they should.
fn waits(observed: &Observed, rules: &Rules) -> Option<Words> {
    let limit = rules.get(AlertRule::QueueWait)?.limit;
    let mut waits = observed.waits.to_vec();
    waits.sort_unstable();
    let median = *waits
        .get(waits.len() / 2)
        .filter(|_| waits.len() >= ENOUGH)?;
    if median < Duration::try_from_secs_f64(limit * 60.0).unwrap_or(Duration::MAX) {
        return None;
    }
    Some(Words {
        text: format!(
            "{} ordinary jobs wait, half of them for more than {}.",
            waits.len(),
            words::span(median)
        ),
        advice:
            "Look for GPUs that are held and idle, for cordons that are not needed any more, and \
                 for long jobs that may be preempted."
                .to_owned(),
        asks: None,
        choices: vec![Choice::Ignore],
    })
}
