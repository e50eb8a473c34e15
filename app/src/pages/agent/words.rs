//! What an agent may do, what an act asks for, and what it changes, as people say it.

use berth_domain::agent::{Action, Effect};
use berth_domain::{
    Act, ConstraintsPatch, JobPatch, Mandate, ReserveRequest, SubmitRequest, UserName, walltime,
};

use crate::draft::as_cli;
use crate::format;
use crate::texts::{agent as t, units};

/// Nobody notices less, in seconds.
const NOTICED_S: f64 = 30.0;
/// Nor this of GPU time: a twentieth of a GPU-hour.
const NOTICED_GPU_S: f64 = 180.0;

/// What a mandate allows, a sentence a line; which commands is said beside it.
pub fn mandate(mandate: &Mandate, acts_for: &UserName) -> Vec<String> {
    let may = actions(mandate.actions.iter());
    let mut lines = vec![match (may.as_str(), mandate.all_jobs) {
        ("", _) => t::MAY_NOTHING.to_owned(),
        (may, true) => t::may_with_all(may, acts_for),
        (may, false) => t::may_with_own(may),
    }];
    if let Some(hours) = mandate.hours {
        lines.push(t::only_at(&hours.to_string()));
    }
    if !mandate.projects.is_empty() {
        let projects: Vec<&str> = mandate.projects.iter().map(String::as_str).collect();
        lines.push(t::only_in(&t::list(&projects)));
    }
    if mandate.may_preempt {
        lines.push(t::MAY_PREEMPT.to_owned());
    }
    match mandate.approval.above_gpu_seconds {
        None => {}
        Some(0) => lines.push(t::ASKS_FOR_ALL.to_owned()),
        Some(seconds) => lines.push(t::asks_above(&gpu_hours(seconds))),
    }
    let asks = actions(mandate.approval.actions.iter());
    if !asks.is_empty() {
        lines.push(t::asks_before(&asks));
    }
    lines
}

fn actions<'a>(actions: impl Iterator<Item = &'a Action>) -> String {
    let words: Vec<&str> = actions.map(|one| t::action(*one)).collect();
    t::list(&words)
}

/// `12.4`, `24`.
pub fn gpu_hours(gpu_seconds: u64) -> String {
    let tenths = gpu_seconds.saturating_mul(10).saturating_add(1800) / 3600;
    match tenths % 10 {
        0 => format::thousands(tenths / 10),
        tenth => format!("{}.{tenth}", format::thousands(tenths / 10)),
    }
}

/// What is asked for in full, beside the few words that an act is called by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Words(String),
    /// A command to read or to run.
    Code(String),
}

/// Nothing where the few words say all.
pub fn asked(act: &Act) -> Vec<Asked> {
    match act {
        Act::Submit { request } => submits(request),
        Act::Update { patch, .. } => changes(patch).map(Asked::Words).into_iter().collect(),
        Act::Reserve { request, .. } => vec![Asked::Words(reserves(request))],
        Act::Answer {
            because: Some(because),
            ..
        } => vec![Asked::Words(because.clone())],
        _ => vec![],
    }
}

fn submits(request: &SubmitRequest) -> Vec<Asked> {
    let gpus = units::gpus(whole(request.gpus.unwrap_or(1)));
    let words = t::asks_for(&gpus, request.nodes, request.time_limit.as_deref());
    let mut all = vec![Asked::Words(words)];
    if !request.sweep.is_empty() {
        all.push(Asked::Words(t::sweeps(&request.sweep.join(" "))));
    }
    all.push(Asked::Code(as_cli(request)));
    all
}

fn whole(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

fn changes(patch: &JobPatch) -> Option<String> {
    let yes = |on: bool| {
        let word = if on { t::YES } else { t::NO };
        word.to_owned()
    };
    let to = |what: &str, value: Option<String>| value.map(|value| t::sets_to(what, &value));
    let number = |n: Option<u32>| n.map(|n| n.to_string());
    let named = [
        to(t::SET_NAME, patch.name.clone()),
        to(t::SET_LIMIT, patch.time_limit.map(walltime::format)),
        to(
            t::SET_CLASS,
            patch.class.map(|class| class.as_str().to_owned()),
        ),
        to(t::SET_RETRIES, number(patch.max_retries)),
        to(t::SET_PREEMPTIBLE, patch.preemptible.map(yes)),
        to(t::SET_NODES, number(patch.nodes)),
        to(t::SET_GPUS, number(patch.gpus)),
    ];
    let constraints = patch.constraints != ConstraintsPatch::default();
    let rest = [
        (patch.begin.is_some(), t::SET_BEGIN),
        (patch.deadline.is_some(), t::SET_DEADLINE),
        (patch.dependencies.is_some(), t::SET_AFTER),
        (constraints, t::SET_CONSTRAINTS),
    ];
    let rest = rest.into_iter().filter(|(is_set, _)| *is_set);
    let mut all: Vec<String> = named.into_iter().flatten().collect();
    all.extend(rest.map(|(_, what)| what.to_owned()));
    let words: Vec<&str> = all.iter().map(String::as_str).collect();
    (!words.is_empty()).then(|| t::sets(&t::list(&words)))
}

fn reserves(request: &ReserveRequest) -> String {
    let gpus = match request.exact.as_slice() {
        [] => units::gpus(whole(request.gpus.unwrap_or(1))),
        exact => exact.join(" "),
    };
    let length = request.length.as_deref().map(t::reserves_for);
    let how_long = length.or_else(|| request.end.as_deref().map(t::reserves_until));
    t::reserves(&gpus, request.start.as_deref(), how_long.as_deref())
}

/// What something changes, a sentence for each.
pub fn sentences(effect: &Effect) -> Vec<String> {
    let own = effect.own_wait_s.map(|own| match change(own) {
        Some(change) => t::own_changes(&change),
        None => t::OWN_STAYS.to_owned(),
    });
    let mean = match change(effect.mean_wait_s) {
        Some(change) => t::mean_changes(&change),
        None => t::MEAN_STAYS.to_owned(),
    };
    let worst = match noticed(effect.worst_delay_s) {
        Some(long) => t::nobody_more_than(&long),
        None => t::NOBODY_LATER.to_owned(),
    };
    let wasted = waste(effect.wasted_gpu_s).map(|much| t::wasted_changes(&much));
    let all = [own, Some(mean), Some(worst), wasted];
    all.into_iter().flatten().collect()
}

/// What something changes in a few words each, in the order of [`MEASURES`].
pub fn short(effect: &Effect) -> [Option<String>; 4] {
    let same = || t::NO_CHANGE.to_owned();
    let own = |own| change(own).unwrap_or_else(same);
    let worst = noticed(effect.worst_delay_s).map(|long| t::at_most_longer(&long));
    [
        effect.own_wait_s.map(own),
        Some(change(effect.mean_wait_s).unwrap_or_else(same)),
        Some(worst.unwrap_or_else(|| t::NONE_LATER.to_owned())),
        Some(waste(effect.wasted_gpu_s).unwrap_or_else(same)),
    ]
}

pub const MEASURES: [&str; 4] = [t::OWN_WAIT, t::MEAN_WAIT, t::WORST_DELAY, t::WASTED];

/// `2 h sooner`; `None` where nobody would notice.
fn change(seconds: f64) -> Option<String> {
    let long = noticed(seconds.abs())?;
    Some(if seconds < 0.0 {
        t::sooner(&long)
    } else {
        t::later(&long)
    })
}

/// How long, if anybody would notice it.
fn noticed(seconds: f64) -> Option<String> {
    #[expect(clippy::cast_possible_truncation, reason = "seconds fit for ages")]
    let whole = seconds.round() as i64;
    (seconds >= NOTICED_S).then(|| format::duration(whole))
}

/// `1.5 GPU-h less`.
fn waste(gpu_seconds: f64) -> Option<String> {
    let much = units::gpu_hours(gpu_seconds.abs() / 3600.0);
    (gpu_seconds.abs() >= NOTICED_GPU_S).then(|| {
        if gpu_seconds < 0.0 {
            t::less(&much)
        } else {
            t::more(&much)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_mandate_is_read_as_sentences() {
        let mut given = Mandate {
            hours: Some("22:00-06:00".parse().unwrap()),
            projects: ["align".to_owned(), "vision".to_owned()].into(),
            actions: [Action::Submit, Action::Cancel, Action::Hold].into(),
            ..Mandate::default()
        };
        given.approval.above_gpu_seconds = Some(8 * 3600);
        let ana = UserName::from("ana");
        assert_eq!(
            mandate(&given, &ana),
            [
                "May submit, cancel and hold; only jobs that it submitted.",
                "Acts only 22:00-06:00 UTC.",
                "Submits only to align and vision.",
                "Asks first for what could use more than 8 GPU-hours.",
            ]
        );
        given = Mandate {
            actions: [].into(),
            may_preempt: true,
            ..Mandate::default()
        };
        assert_eq!(mandate(&given, &ana), [t::MAY_NOTHING, t::MAY_PREEMPT]);
    }

    #[test]
    fn an_effect_is_read_as_sentences() {
        let effect = Effect {
            mean_wait_s: 10.0,
            worst_mean_s: 20.0,
            own_wait_s: Some(-7200.0),
            worst_delay_s: 300.0,
            wasted_gpu_s: -5400.0,
        };
        assert_eq!(
            sentences(&effect),
            [
                "The job itself starts 2 h sooner.",
                "The mean wait stays as it is.",
                "Nobody else waits more than 5 min longer.",
                "1.5 GPU-h less is used for nothing.",
            ]
        );
        assert_eq!(
            sentences(&Effect::default()),
            [t::MEAN_STAYS, t::NOBODY_LATER]
        );
        assert_eq!(short(&effect)[0].as_deref(), Some("2 h sooner"));
        assert_eq!(short(&Effect::default())[0], None);
    }

    #[test]
    fn what_is_asked_for_is_said_in_full() {
        let request = SubmitRequest {
            command: ["python", "train.py"].map(str::to_owned).into(),
            gpus: Some(4),
            time_limit: Some("6h".into()),
            ..SubmitRequest::default()
        };
        let act = Act::Submit {
            request: Box::new(request),
        };
        assert_eq!(
            asked(&act),
            [
                Asked::Words("Asks for 4 GPUs, for 6h at most.".into()),
                Asked::Code("berth submit -g 4 -t 6h -- python train.py".into()),
            ]
        );
        let patch = JobPatch {
            time_limit: Some(Duration::from_secs(7200)),
            gpus: Some(2),
            ..JobPatch::default()
        };
        let words = changes(&patch).unwrap();
        assert_eq!(words, "Sets the time limit to 2h and GPUs to 2.");
        assert_eq!(changes(&JobPatch::default()), None);
    }

    #[test]
    fn gpu_hours_have_a_tenth_where_it_matters() {
        assert_eq!(gpu_hours(0), "0");
        assert_eq!(gpu_hours(86_400), "24");
        assert_eq!(gpu_hours(44_640), "12.4");
        assert_eq!(gpu_hours(7_200_000), "2,000");
    }
}
