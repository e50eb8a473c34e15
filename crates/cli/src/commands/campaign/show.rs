//! Campaigns as text.

use std::collections::BTreeMap;

use berth_api::campaigns::{CampaignPreview, CampaignRow, CampaignView, TrialView, tree};
use berth_domain::campaign::{Dimension, Space, Strategy};
use berth_domain::{CampaignSpec, Timestamp, dollars};

use crate::commands::usage::hours as short_hours;
use crate::table::{self, Width};
use crate::time;

pub fn list(rows: &[CampaignRow], now: Timestamp, width: Width) -> String {
    if rows.is_empty() {
        return "No campaign goes on. `berth campaign list --all` shows those that ended.\n"
            .to_owned();
    }
    let cells = |row: &CampaignRow| {
        let best = row.best.as_ref();
        vec![
            row.id.to_string(),
            table::printable(&row.name),
            row.user.to_string(),
            row.state.clone(),
            row.strategy.as_str().to_owned(),
            row.counts.all.to_string(),
            row.counts.live.to_string(),
            best.map_or(String::new(), |best| best.result.to_string()),
            format!(
                "{} of {}",
                hours(row.spent.gpu_seconds),
                hours(row.spent.of_gpu_seconds)
            ),
            time::age(row.started_at, now),
            why(row),
        ]
    };
    let header = [
        "ID",
        "NAME",
        "USER",
        "STATE",
        "STRATEGY",
        "TRIALS",
        "LIVE",
        "BEST",
        "GPU-HOURS",
        "STARTED",
        "WHY",
    ];
    table::plain(&header, &[0, 5, 6], rows.iter().map(cells).collect(), width)
}

/// Why it does not go on.
fn why(row: &CampaignRow) -> String {
    let why = row.why.as_ref().or(row.waits.as_ref());
    why.map(|why| table::printable(why)).unwrap_or_default()
}

pub fn one(campaign: &CampaignView, now: Timestamp, width: Width) -> String {
    let row = &campaign.row;
    let by = row.agent.as_ref();
    let by = by.map_or(String::new(), |agent| format!(", started by agent {agent}"));
    let mut fields = vec![
        (
            "Campaign",
            format!("{} {} of {}{by}", row.id, row.name, row.user),
        ),
        ("State", state(row, now)),
    ];
    if !campaign.goal.is_empty() {
        fields.push(("Goal", campaign.goal.clone()));
    }
    fields.push((
        "Metric",
        format!("{}, {} is better", row.metric.name, row.metric.better),
    ));
    fields.push(("Strategy", strategy(&row.strategy)));
    fields.push(("Searched", space(&campaign.searched)));
    let spent = &row.spent;
    fields.push((
        "GPU-hours",
        format!(
            "{} used of {}, up to {} more by what waits or runs",
            hours(spent.gpu_seconds),
            hours(spent.of_gpu_seconds),
            hours(spent.kept_gpu_seconds)
        ),
    ));
    if let Some(of) = spent.of_model_micros {
        let used = dollars(spent.model_micros);
        fields.push(("Models", format!("{used} used of {}", dollars(of))));
    }
    let counts = &row.counts;
    fields.push((
        "Trials",
        format!(
            "{}: {} done, {} wait or run, {} failed, {} stopped",
            counts.all, counts.done, counts.live, counts.failed, counts.stopped
        ),
    ));
    if let Some(best) = &row.best {
        fields.push((
            "Best",
            format!(
                "{} by trial {} (job {}): {}",
                best.result,
                best.trial,
                best.job,
                values(&best.values)
            ),
        ));
    }
    for note in &campaign.notes {
        let said = format!("{}, {}: {}", note.by, time::age(note.at, now), note.text);
        fields.push(("Note", said));
    }
    let mut text = table::fields(&fields);
    if !campaign.trials.is_empty() {
        text.push('\n');
        text += &trials(&campaign.trials, width);
    }
    text
}

fn state(row: &CampaignRow, now: Timestamp) -> String {
    let since = time::age(row.started_at, now);
    let why = why(row);
    match (row.ended_at, why.is_empty()) {
        (Some(at), _) => format!("ended {}: {why}", time::age(at, now)),
        (None, true) => format!("{}, started {since}", row.state),
        (None, false) => format!("{}, started {since}: {why}", row.state),
    }
}

fn strategy(strategy: &Strategy) -> String {
    match strategy {
        Strategy::Grid { points } => format!("grid, {points} points of each range"),
        Strategy::Random { trials, seed } => format!("random, {trials} trials, seed {seed}"),
        Strategy::Asha(asha) => {
            let of = &asha.fidelity;
            format!(
                "asha, {} configurations, the best of {} go on, {} {} to {}",
                asha.trials, asha.eta, of.param, of.min, of.max
            )
        }
        Strategy::Model { trials, per_round } => {
            format!("a language model proposes {trials} trials, {per_round} a round")
        }
    }
}

/// `lr 0.0001 to 0.01 (log), optimizer adam|sgd`.
fn space(space: &Space) -> String {
    let one = |(name, dimension): (&String, &Dimension)| match dimension {
        Dimension::Choice(values) => format!("{name} {}", values.join("|")),
        Dimension::Range(range) => {
            let scale = match range.scale {
                berth_domain::campaign::Scale::Log => " (log)",
                berth_domain::campaign::Scale::Linear => "",
            };
            format!("{name} {} to {}{scale}", range.from, range.to)
        }
    };
    space.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn trials(trials: &[TrialView], width: Width) -> String {
    let cells = |(depth, trial): (usize, &TrialView)| {
        let branch = if depth == 0 {
            String::new()
        } else {
            format!("{}└ ", "  ".repeat(depth - 1))
        };
        let result = match (trial.result, trial.current) {
            (Some(result), _) if trial.best => format!("{result} *best*"),
            (Some(result), _) => result.to_string(),
            (None, Some(current)) => format!("({current})"),
            (None, None) => String::new(),
        };
        let fidelity = trial.fidelity.map(|value| value.to_string());
        let why = trial.problem.as_ref().unwrap_or(&trial.why);
        vec![
            format!("{branch}{}", trial.number),
            values(&trial.values),
            trial.rung.to_string(),
            fidelity.unwrap_or_default(),
            trial.state.to_string(),
            result,
            trial.job.to_string(),
            table::printable(why),
        ]
    };
    let rows = tree(trials).into_iter().map(cells).collect();
    let header = [
        "TRIAL", "VALUES", "RUNG", "FIDELITY", "STATE", "RESULT", "JOB", "WHY",
    ];
    table::plain(&header, &[2, 3, 6], rows, width)
}

fn values(values: &BTreeMap<String, String>) -> String {
    let values = values.iter().map(|(name, value)| format!("{name}={value}"));
    table::printable(&values.collect::<Vec<_>>().join(" "))
}

pub fn preview(spec: &CampaignSpec, preview: &CampaignPreview, now: Timestamp) -> String {
    let about = if spec.strategy.fidelity().is_some() {
        "About "
    } else {
        ""
    };
    let cut = if preview.cut {
        "; the budget allows less than the strategy would do"
    } else {
        ""
    };
    let starts = if preview.starts_now {
        "at once".to_owned()
    } else {
        let range = time::range(preview.start_p50, preview.start_p90, now);
        range.unwrap_or_else(|| "at a time that is not known".to_owned())
    };
    let mut text = format!(
        "{about}{} trials, {} GPU-hours at most{cut}.\nThe first would start {starts}.\n",
        preview.trials,
        hours(preview.most_gpu_seconds)
    );
    for note in &preview.notes {
        text += &format!("{note}\n");
    }
    text + "Nothing was started.\n"
}

fn hours(gpu_seconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let hours = gpu_seconds as f64 / 3600.0;
    short_hours(hours)
}

#[cfg(test)]
mod tests {
    use berth_api::campaigns::{BestView, CountsView, SpentView};
    use berth_domain::campaign::TrialState;
    use berth_domain::{CampaignId, JobId, SubmitRequest};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn trial(number: u32, parent: Option<u32>, result: Option<f64>) -> TrialView {
        let values = [("lr".to_owned(), "0.001".to_owned())];
        TrialView {
            number,
            parent,
            values: values.into(),
            rung: u32::from(parent.is_some()),
            fidelity: Some(if parent.is_some() { 3 } else { 1 }),
            job: JobId(u64::from(number) + 10),
            state: if result.is_some() {
                TrialState::Done
            } else {
                TrialState::Submitted
            },
            result,
            current: None,
            best: number == 4,
            why: "Drawn from the space.".to_owned(),
            problem: None,
            submitted_at: at("2026-11-24T12:00:00Z"),
            ended_at: None,
        }
    }

    fn campaign() -> CampaignView {
        let values = [("lr".to_owned(), "0.001".to_owned())];
        let row = CampaignRow {
            id: CampaignId(3),
            name: "find-lr".to_owned(),
            user: "ana".into(),
            agent: None,
            state: "running".to_owned(),
            why: None,
            waits: None,
            strategy: serde_json::from_str(
                r#"{"kind":"asha","trials":9,"fidelity":{"param":"epochs","min":1,"max":3}}"#,
            )
            .unwrap(),
            metric: serde_json::from_str(r#"{"name":"loss","better":"lower"}"#).unwrap(),
            best: Some(BestView {
                trial: 4,
                job: JobId(14),
                result: 0.25,
                values: values.into(),
            }),
            counts: CountsView {
                all: 4,
                live: 1,
                done: 3,
                ..CountsView::default()
            },
            spent: SpentView {
                gpu_seconds: 5400,
                kept_gpu_seconds: 3600,
                of_gpu_seconds: 43_200,
                ..SpentView::default()
            },
            started_at: at("2026-11-24T12:00:00Z"),
            ended_at: None,
        };
        let space = r#"{"lr":{"from":0.0001,"to":0.01,"scale":"log"},"optimizer":["adam","sgd"]}"#;
        let space: Space = serde_json::from_str(space).unwrap();
        CampaignView {
            row,
            goal: "The best learning rate".to_owned(),
            template: SubmitRequest::default(),
            space: space.clone(),
            searched: space,
            budget: serde_json::from_str(r#"{"gpu_hours":12}"#).unwrap(),
            stop: berth_domain::campaign::StopRule::default(),
            notes: vec![],
            trials: vec![
                trial(1, None, Some(0.5)),
                trial(2, None, Some(0.4)),
                trial(3, None, None),
                trial(4, Some(1), Some(0.25)),
            ],
        }
    }

    #[test]
    fn a_report_says_where_it_is_and_shows_the_tree() {
        let now = at("2026-11-24T14:00:00Z");
        let expected = "\
Campaign   3 find-lr of ana
State      running, started 2h ago
Goal       The best learning rate
Metric     loss, lower is better
Strategy   asha, 9 configurations, the best of 3 go on, epochs 1 to 3
Searched   lr 0.0001 to 0.01 (log), optimizer adam|sgd
GPU-hours  1.5 used of 12.0, up to 1.0 more by what waits or runs
Trials     4: 3 done, 1 wait or run, 0 failed, 0 stopped
Best       0.25 by trial 4 (job 14): lr=0.001

TRIAL  VALUES    RUNG  FIDELITY  STATE      RESULT       JOB  WHY
1      lr=0.001     0         1  done       0.5           11  Drawn from the space.
└ 4    lr=0.001     1         3  done       0.25 *best*   14  Drawn from the space.
2      lr=0.001     0         1  done       0.4           12  Drawn from the space.
3      lr=0.001     0         1  submitted                13  Drawn from the space.
";
        assert_eq!(one(&campaign(), now, Width::Whole), expected);
        let mut asked = campaign();
        asked.row.strategy = serde_json::from_str(r#"{"kind":"model","trials":24}"#).unwrap();
        (
            asked.row.spent.model_micros,
            asked.row.spent.of_model_micros,
        ) = (3000, Some(2_000_000));
        let report = one(&asked, now, Width::Whole);
        for line in [
            "Strategy   a language model proposes 24 trials, 4 a round\n",
            "Models     $0.0030 used of $2.00\n",
        ] {
            assert!(report.contains(line), "{report}");
        }
        let listed = list(&[campaign().row], now, Width::Whole);
        assert!(listed.contains("find-lr  ana   running  asha"), "{listed}");
        assert!(listed.contains("1.5 of 12.0"), "{listed}");
    }

    #[test]
    fn a_preview_says_what_it_comes_to() {
        let spec = CampaignSpec {
            name: "n".to_owned(),
            goal: String::new(),
            template: Box::default(),
            space: Space::new(),
            metric: campaign().row.metric,
            strategy: campaign().row.strategy,
            budget: campaign().budget,
            stop: campaign().stop,
            idempotency_key: None,
        };
        let answer = CampaignPreview {
            trials: 13,
            most_gpu_seconds: 7200,
            starts_now: true,
            ..CampaignPreview::default()
        };
        let text = preview(&spec, &answer, at("2026-11-24T14:00:00Z"));
        let expected = "About 13 trials, 2.0 GPU-hours at most.\nThe first would start at once.\n\
                        Nothing was started.\n";
        assert_eq!(text, expected);
    }
}
