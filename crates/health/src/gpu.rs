//! Hardware: heat, throttling, memory errors, errors of the driver, memory nearly full.

use std::collections::HashMap;

use berth_domain::{AlertRule, Choice, GpuUuid, Subject, Throttle, Timestamp};
use jiff::SignedDuration;

use crate::condition::{Condition, Verdict, Words, if_wrong};
use crate::observed::{GpuNow, Observed};
use crate::rules::Rules;
use crate::words;
use crate::xid::{Xid, xid};

/// What happened once, and may have happened before we looked.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    xids: HashMap<GpuUuid, (Xid, Timestamp)>,
    /// Memory errors at the first look, and when there were more.
    ecc: HashMap<GpuUuid, (u64, Option<(u64, Timestamp)>)>,
}

pub(crate) fn look(observed: &Observed, rules: &Rules, happened: &mut Happened) -> Vec<Condition> {
    let each = |gpu: GpuNow| {
        let verdicts = [
            (AlertRule::Temperature, hot(&gpu, rules)),
            (AlertRule::Throttled, throttled(&gpu)),
            (AlertRule::MemoryFull, full(&gpu, rules)),
            (
                AlertRule::EccErrors,
                ecc(&gpu, rules, happened, observed.now),
            ),
        ];
        let subject = gpu.subject();
        let plain = verdicts.map(|(rule, verdict)| Condition {
            rule,
            subject: subject.clone(),
            verdict,
        });
        let of_driver = driver(observed, &gpu, rules, happened);
        plain.into_iter().chain(of_driver).collect::<Vec<_>>()
    };
    observed.gpus().flat_map(each).collect()
}

fn about(gpu: &GpuNow, text: &str, advice: &str) -> Words {
    let whose = gpu
        .holder
        .map_or(String::new(), |job| format!(" of {}", words::job(job)));
    Words {
        text: text.replace("{gpu}", &format!("{}{whose}", gpu.place)),
        advice: advice.to_owned(),
        asks: None,
        choices: vec![Choice::Cordon, Choice::Ignore],
    }
}

fn hot(gpu: &GpuNow, rules: &Rules) -> Verdict {
    let Some(temp) = gpu.sample.and_then(|sample| sample.temp_c) else {
        return Verdict::Unknown;
    };
    let limit = rules
        .get(AlertRule::Temperature)
        .map_or(f64::MAX, |rule| rule.limit);
    if_wrong((f64::from(temp) >= limit).then(|| {
        about(
            gpu,
            &format!("{{gpu}} is at {temp:.0} °C; {limit:.0} is too hot."),
            "Look at the fans, the air and the room. Cordoned, it gets no new job; what runs goes on.",
        )
    }))
}

fn throttled(gpu: &GpuNow) -> Verdict {
    let Some(reasons) = gpu.sample.and_then(|sample| sample.throttle.as_ref()) else {
        return Verdict::Unknown;
    };
    let faults: Vec<&str> = reasons
        .iter()
        .filter(|reason| reason.is_fault())
        .map(|reason| Throttle::words(*reason))
        .collect();
    if_wrong((!faults.is_empty()).then(|| {
        about(
            gpu,
            &format!("{{gpu}} is slowed down: {}.", faults.join(", ")),
            "It runs below its clock because of heat or power: look at cooling and power supplies. \
             Its job is slower than it could be.",
        )
    }))
}

fn full(gpu: &GpuNow, rules: &Rules) -> Verdict {
    let Some(pct) = gpu.memory_pct() else {
        return Verdict::Unknown;
    };
    let limit = rules
        .get(AlertRule::MemoryFull)
        .map_or(f64::MAX, |rule| rule.limit);
    if_wrong((pct >= limit).then(|| Words {
        asks: gpu.holder.map(|job| job.owner.clone()),
        choices: vec![Choice::Ignore],
        ..about(
            gpu,
            &format!("{pct:.1}% of the memory of {{gpu}} is in use."),
            "It may run out of memory soon: a smaller batch, activation checkpointing or more GPUs \
             leave room. Programs that take all memory on purpose are fine.",
        )
    }))
}

fn ecc(gpu: &GpuNow, rules: &Rules, happened: &mut Happened, now: Timestamp) -> Verdict {
    let Some(errors) = gpu.sample.and_then(|sample| sample.ecc_uncorrected) else {
        return Verdict::Unknown;
    };
    let limit = rules
        .get(AlertRule::EccErrors)
        .map_or(f64::MAX, |rule| rule.limit);
    let (first, more) = happened
        .ecc
        .entry(gpu.gpu.uuid.clone())
        .or_insert((errors, None));
    if errors < *first {
        // The driver was loaded anew.
        (*first, *more) = (errors, None);
    }
    let since = errors - *first;
    if as_figure(since) >= limit.max(1.0) && more.is_none_or(|(before, _)| before < since) {
        *more = Some((since, now));
    }
    let still = shown(rules, AlertRule::EccErrors);
    let shown = more.filter(|(_, at)| now.duration_since(*at) < still);
    if_wrong(shown.map(|(count, _)| {
        about(
            gpu,
            &format!(
                "{{gpu}} had {count} memory error{} that could not be mended.",
                if count == 1 { "" } else { "s" }
            ),
            "Results that were computed there may be wrong. Drain it, reset the GPU, and replace it \
             if it happens again.",
        )
    }))
}

/// How long what happened once is shown.
fn shown(rules: &Rules, rule: AlertRule) -> SignedDuration {
    let shown = rules.get(rule).map(|rule| rule.shown);
    shown.map_or(SignedDuration::ZERO, |shown| {
        SignedDuration::try_from(shown).unwrap_or(SignedDuration::MAX)
    })
}

#[expect(clippy::cast_precision_loss, reason = "compared with a small limit")]
fn as_figure(count: u64) -> f64 {
    count as f64
}

/// Xid errors: what a program did is shown for a while; what broke the GPU as long as it is
/// cordoned.
fn driver(
    observed: &Observed,
    gpu: &GpuNow,
    rules: &Rules,
    happened: &mut Happened,
) -> Vec<Condition> {
    let uuid = &gpu.gpu.uuid;
    let now = observed.now;
    let shown = shown(rules, AlertRule::XidError);
    for number in gpu.sample.map_or(&[][..], |sample| &sample.xids) {
        let new = xid(*number);
        let place = happened.xids.entry(uuid.clone()).or_insert((new, now));
        // What broke it is not forgotten for what came of that.
        let over = now.duration_since(place.1) >= shown;
        if new.fatal || !place.0.fatal || over {
            *place = (new, now);
        }
    }
    let last = happened.xids.get(uuid).copied();
    let fresh = last.filter(|(_, at)| now.duration_since(*at) < shown);
    let subject = gpu.subject();
    let open = |rule| {
        let of_it = observed
            .alerts
            .iter()
            .find(|alert| alert.finding.rule == rule && alert.finding.subject == subject);
        of_it.map(|alert| alert.opened_at)
    };
    let program = match (
        fresh.filter(|(xid, _)| !xid.fatal),
        open(AlertRule::XidError),
    ) {
        (Some((xid, _)), _) => Verdict::Wrong(said(gpu, xid)),
        (None, Some(at)) if now.duration_since(at) < shown && last.is_none() => Verdict::Unknown,
        _ => Verdict::Fine,
    };
    let cordoned = observed.cordons.contains_key(&gpu.place);
    // The cordon follows at once; until it is seen it is not over.
    let young = |at: Timestamp| now.duration_since(at) < SignedDuration::from_mins(1);
    let broken = match (last.filter(|(xid, _)| xid.fatal), open(AlertRule::XidFatal)) {
        (Some((xid, at)), _) if cordoned || young(at) => Verdict::Wrong(said(gpu, xid)),
        (Some(_), _) => {
            happened.xids.remove(uuid);
            Verdict::Fine
        }
        (None, Some(_)) if cordoned => Verdict::Unknown,
        _ => Verdict::Fine,
    };
    [
        (AlertRule::XidError, program),
        (AlertRule::XidFatal, broken),
    ]
    .map(|(rule, verdict)| Condition {
        rule,
        subject: Subject::Gpu {
            place: gpu.place.clone(),
            gpu: uuid.clone(),
        },
        verdict,
    })
    .into()
}

fn said(gpu: &GpuNow, xid: Xid) -> Words {
    let Xid {
        number,
        words,
        fatal,
    } = xid;
    let asks = gpu.holder.map(|job| job.owner.clone());
    if fatal {
        return Words {
            choices: vec![Choice::Ignore],
            text: format!("{} is broken: Xid {number}, {words}.", gpu.place),
            advice: "It was cordoned, and what ran there is queued again. Reset it \
                     (nvidia-smi --gpu-reset) or restart the node, and then uncordon it; if it \
                     happens again, replace it."
                .to_owned(),
            asks: None,
        };
    }
    Words {
        asks,
        choices: vec![Choice::Ignore, Choice::Cordon],
        ..about(
            gpu,
            &format!("The driver told of Xid {number} on {{gpu}}: {words}."),
            "Mostly a program's own fault: look at the log of the job that ran there. If several \
             jobs have it on the same GPU, cordon that.",
        )
    }
}
