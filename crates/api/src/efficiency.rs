//! How well a job used its GPUs, in a sentence.

use crate::charts::{ChartMetric, ChartsAnswer};
use crate::history::JobUse;

/// What a job's use comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody looked at its GPUs.
    Unknown,
    /// Everything begins with a pause.
    Brief,
    /// Nothing ran on them.
    Unused,
    /// Memory was held, and next to nothing ran.
    Parked,
    /// Work came in bursts: the GPUs waited for what feeds them.
    Starved,
    /// It worked, and for a long while it did nothing.
    IdleAtTimes,
    /// A kernel always ran, on few of the multiprocessors.
    Narrow,
    /// In between, for no reason that can be seen.
    Partly,
    Well,
}

impl Verdict {
    /// After `kept 61% busy: `.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Unknown => "nobody observed how busy they were",
            Verdict::Brief => "too short to judge",
            Verdict::Unused => "never used",
            Verdict::Parked => "memory held, hardly any work",
            Verdict::Starved => "data-starved",
            Verdict::IdleAtTimes => "idle for long stretches",
            Verdict::Narrow => "busy with small work",
            Verdict::Partly => "partly used",
            Verdict::Well => "well used",
        }
    }

    /// What to do about it, if there is something.
    #[must_use]
    pub fn advice(self) -> Option<&'static str> {
        Some(match self {
            Verdict::Unknown | Verdict::Brief | Verdict::Partly | Verdict::Well => return None,
            Verdict::Unused => "Ask for no GPUs, or check that the program finds them.",
            Verdict::Parked => "Free the memory or end the job when the work is done.",
            Verdict::Starved => {
                "The GPUs wait between batches: more workers that load data, or larger batches, \
                 would help."
            }
            Verdict::IdleAtTimes => {
                "Preparation and evaluation without GPUs could be jobs of their own."
            }
            Verdict::Narrow => "Larger batches would fill the GPUs.",
        })
    }
}

/// Below this nothing is said of how it was used, in seconds.
const BRIEF_S: f64 = 60.0;
/// Less than this is no work, in percent.
const NOTHING: f64 = 3.0;
const HARDLY: f64 = 15.0;
const WELL: f64 = 80.0;
/// Busy on so few multiprocessors is narrow.
const NARROW: f64 = 30.0;
/// What a driver has in use when nothing was put there.
const BARE_BYTES: u64 = 1024 * 1024 * 1024;
/// A step that goes from below the one to above the other is a burst.
const LOW: f32 = 25.0;
const HIGH: f32 = 60.0;
/// Which part of the steps.
const MANY: f64 = 0.3;

/// What a job's use comes to; `charts` tell bursts from steady work.
#[must_use]
pub fn verdict(usage: &JobUse, charts: Option<&ChartsAnswer>) -> Verdict {
    let Some(busy) = usage.busy_pct else {
        return Verdict::Unknown;
    };
    if usage.held_s < BRIEF_S {
        return Verdict::Brief;
    }
    let holds = usage.peak_mem_bytes.is_some_and(|peak| peak > BARE_BYTES);
    if busy < NOTHING && !holds {
        return Verdict::Unused;
    }
    if busy < HARDLY && holds {
        return Verdict::Parked;
    }
    if busy >= WELL {
        return match usage.working_pct {
            Some(working) if working < NARROW => Verdict::Narrow,
            _ => Verdict::Well,
        };
    }
    let bands = charts.and_then(|charts| charts.of(ChartMetric::Busy));
    let bands = bands.map_or(&[][..], |series| &series.bands);
    if part(bands, |[_, avg, _]| avg < LOW) >= MANY {
        return Verdict::IdleAtTimes;
    }
    if part(bands, |[min, _, max]| min < LOW && max > HIGH) >= MANY {
        return Verdict::Starved;
    }
    Verdict::Partly
}

/// Of how many of the known steps something is true, 0 to 1.
fn part(bands: &[Option<[f32; 3]>], holds: impl Fn([f32; 3]) -> bool) -> f64 {
    let (mut known, mut those) = (0_u32, 0_u32);
    for band in bands.iter().flatten() {
        known += 1;
        those += u32::from(holds(*band));
    }
    f64::from(those) / f64::from(known.max(1))
}

/// `Held 4 GPUs for 6 h, kept 61% busy and 40% working: data-starved.` `held` is how long in words.
/// A share of a moment says nothing, so of what was brief there is none.
#[must_use]
pub fn sentence(usage: &JobUse, charts: Option<&ChartsAnswer>, held: &str) -> String {
    let gpus = match usage.gpus {
        1 => "1 GPU".to_owned(),
        many => format!("{many} GPUs"),
    };
    let held = if usage.held_s < 1.0 {
        "less than a second"
    } else {
        held
    };
    let verdict = verdict(usage, charts);
    let (Some(busy), false) = (usage.busy_pct, verdict == Verdict::Brief) else {
        return format!("Held {gpus} for {held}; {}.", verdict.words());
    };
    let verdict = verdict.words();
    let working = usage
        .working_pct
        .map(|working| format!(" and {working:.0}% working"));
    let working = working.unwrap_or_default();
    format!("Held {gpus} for {held}, kept {busy:.0}% busy{working}: {verdict}.")
}

#[cfg(test)]
mod tests {
    use berth_domain::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::charts::ChartSeries;

    fn usage(busy: f64, working: Option<f64>, peak_gib: u64) -> JobUse {
        JobUse {
            gpus: 4,
            held_s: 21_600.0,
            busy_pct: Some(busy),
            working_pct: working,
            peak_mem_bytes: Some(peak_gib * BARE_BYTES),
            ..JobUse::default()
        }
    }

    fn charts(bands: &[[f32; 3]]) -> ChartsAnswer {
        ChartsAnswer {
            since: Timestamp::UNIX_EPOCH,
            step_s: 60,
            steps: bands.len(),
            gpus: vec![],
            series: vec![ChartSeries {
                metric: ChartMetric::Busy,
                bands: bands.iter().copied().map(Some).chain([None]).collect(),
            }],
            usage: None,
        }
    }

    #[test]
    fn each_pattern_has_its_words() {
        let bursts = charts(&[[0.0, 60.0, 100.0]; 10]);
        let steady = charts(&[[55.0, 60.0, 66.0]; 10]);
        let pauses = charts(&[[0.0, 2.0, 5.0], [90.0, 95.0, 99.0], [90.0, 95.0, 99.0]]);
        let cases = [
            (usage(61.0, Some(40.0), 60), Some(&bursts), Verdict::Starved),
            (usage(61.0, Some(40.0), 60), Some(&steady), Verdict::Partly),
            (
                usage(64.0, Some(40.0), 60),
                Some(&pauses),
                Verdict::IdleAtTimes,
            ),
            (usage(61.0, None, 60), None, Verdict::Partly),
            (usage(1.0, None, 0), None, Verdict::Unused),
            (usage(1.0, None, 70), Some(&steady), Verdict::Parked),
            (usage(97.0, Some(12.0), 70), None, Verdict::Narrow),
            (usage(97.0, None, 70), None, Verdict::Well),
            (JobUse::default(), Some(&bursts), Verdict::Unknown),
            (
                JobUse {
                    held_s: 12.0,
                    ..usage(1.0, None, 70)
                },
                None,
                Verdict::Brief,
            ),
        ];
        for (usage, charts, expected) in cases {
            assert_eq!(verdict(&usage, charts), expected, "{usage:?}");
        }
    }

    #[test]
    fn sentences() {
        let bursts = charts(&[[0.0, 60.0, 100.0]; 10]);
        assert_eq!(
            sentence(&usage(61.2, Some(39.7), 60), Some(&bursts), "6 h"),
            "Held 4 GPUs for 6 h, kept 61% busy and 40% working: data-starved."
        );
        let brief = |held_s| JobUse {
            held_s,
            ..usage(0.0, None, 1)
        };
        assert_eq!(
            sentence(&brief(16.4), None, "16 s"),
            "Held 4 GPUs for 16 s; too short to judge."
        );
        assert_eq!(
            sentence(&brief(0.4), None, "0 s"),
            "Held 4 GPUs for less than a second; too short to judge."
        );
        let unknown = JobUse {
            gpus: 1,
            held_s: 120.0,
            ..JobUse::default()
        };
        assert_eq!(
            sentence(&unknown, None, "2 min"),
            "Held 1 GPU for 2 min; nobody observed how busy they were."
        );
    }

    proptest! {
        /// More work is never said to be less use.
        #[test]
        fn a_well_used_job_is_never_called_idle(busy in 0.0_f64..100.0, working in prop::option::of(0.0_f64..100.0), peak in 0_u64..80) {
            let verdict = verdict(&usage(busy, working, peak), None);
            prop_assert_eq!(busy >= WELL, matches!(verdict, Verdict::Well | Verdict::Narrow));
            prop_assert_eq!(verdict == Verdict::Unknown, false);
        }
    }
}
