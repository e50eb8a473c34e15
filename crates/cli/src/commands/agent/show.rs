//! Agents, rules and cards as text.

use berth_api::agents::{AgentAnswer, AgentView, AgentsAnswer, CardView, LedgerAnswer, RuleView};
use berth_domain::agent::CardBy;
use berth_domain::{Mandate, Timestamp};

use crate::table::{self, Width};
use crate::time;

pub fn agents(answer: &AgentsAnswer, width: Width) -> String {
    let stopped = answer.stopped.as_ref();
    let mut text = stopped.map_or(String::new(), |stopped| {
        format!(
            "All are stopped, by {}: {}\n\n",
            stopped.by,
            table::printable(&stopped.why)
        )
    });
    if answer.agents.is_empty() {
        text.push_str(
            "There are no agents. `berth agent create NAME` makes one that acts for you.\n",
        );
        return text;
    }
    let cells = |agent: &AgentView| {
        let mandate = &agent.mandate;
        let of = |used: String, most: Option<String>| match most {
            Some(most) => format!("{used}/{most}"),
            None => used,
        };
        let committed = agent.used_gpu_seconds + agent.ahead_gpu_seconds;
        vec![
            agent.name.to_string(),
            agent.acts_for.to_string(),
            if agent.stopped.is_some() {
                "stopped"
            } else {
                "active"
            }
            .to_owned(),
            of(hours(committed), mandate.gpu_seconds.map(hours)),
            of(
                agent.gpus.to_string(),
                mandate.gpus_at_once.map(|gpus| gpus.to_string()),
            ),
            of(
                agent.jobs_last_hour.to_string(),
                Some(mandate.jobs_per_hour.to_string()),
            ),
            agent.refusals_last_hour.to_string(),
            may(mandate),
        ]
    };
    let header = [
        "AGENT",
        "FOR",
        "STATE",
        "GPU-HOURS",
        "GPUS",
        "JOBS/H",
        "REFUSED/H",
        "MAY",
    ];
    let rows = answer.agents.iter().map(cells).collect();
    text.push_str(&table::plain(&header, &[3, 4, 5, 6], rows, width));
    text
}

/// What a mandate allows, in a few words.
fn may(mandate: &Mandate) -> String {
    let actions: Vec<&str> = mandate
        .actions
        .iter()
        .map(|action| action.as_str())
        .collect();
    let mut words = vec![actions.join(",")];
    if mandate.all_jobs {
        words.push("all jobs of its person".to_owned());
    }
    if mandate.may_preempt {
        words.push("preempts".to_owned());
    }
    if !mandate.commands.is_empty() {
        words.push(match mandate.commands.len() {
            1 => "1 command only".to_owned(),
            many => format!("{many} commands only"),
        });
    }
    if !mandate.projects.is_empty() {
        let projects: Vec<&str> = mandate.projects.iter().map(String::as_str).collect();
        words.push(format!("in {}", projects.join(",")));
    }
    if let Some(between) = mandate.hours {
        words.push(format!("{between} UTC"));
    }
    words.join("; ")
}

fn hours(gpu_seconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let hours = gpu_seconds as f64 / 3600.0;
    format!("{hours:.1}")
}

pub fn made(answer: &AgentAnswer) -> String {
    let agent = &answer.agent;
    let mut text = format!(
        "{} acts for {}: {}.\n",
        agent.name,
        agent.acts_for,
        may(&agent.mandate)
    );
    if let Some(token) = &answer.token {
        text.push_str("Its token, which is not shown again:\n");
        text.push_str(token);
        text.push('\n');
    }
    text
}

pub fn rules(answer: &AgentsAnswer, width: Width) -> String {
    let cells = |rule: &RuleView| {
        let own = rule.projects.iter();
        let own: Vec<String> = own
            .map(|(project, mode)| format!("{project}: {mode}"))
            .collect();
        vec![
            rule.rule.to_string(),
            rule.mode.to_string(),
            table::printable(&own.join(", ")),
            rule.text.clone(),
        ]
    };
    let header = ["RULE", "MODE", "PROJECTS", "WHAT"];
    let rows = answer.rules.iter().map(cells).collect();
    let stopped = answer.stopped.as_ref();
    let stopped = stopped.map_or(String::new(), |stopped| {
        format!(
            "All are stopped, by {}: {}\n\n",
            stopped.by,
            table::printable(&stopped.why)
        )
    });
    let table = table::plain(&header, &[], rows, width);
    format!("{stopped}{table}")
}

pub fn ledger(answer: &LedgerAnswer, now: Timestamp, width: Width) -> String {
    if answer.cards.is_empty() {
        return "Nothing was decided.\n".to_owned();
    }
    let cells = |view: &CardView| {
        let card = &view.card;
        let by = match &card.by {
            CardBy::Rule { rule } => rule.to_string(),
            CardBy::Agent { agent } => agent.to_string(),
        };
        let why = card.why.as_ref().map(|why| format!(": {why}"));
        vec![
            card.id.to_string(),
            card.state.to_string(),
            time::age(card.at, now),
            by,
            card.asks
                .as_ref()
                .map_or("admins".to_owned(), ToString::to_string),
            table::printable(&format!("{}{}", card.title, why.unwrap_or_default())),
        ]
    };
    let header = ["CARD", "STATE", "WHEN", "BY", "FOR", "WHAT"];
    let rows = answer.cards.iter().map(cells).collect();
    let mut text = table::plain(&header, &[0], rows, width);
    if let Some(next) = answer.next {
        text.push_str(&format!(
            "\nOlder ones: berth agent ledger --before {next}\n"
        ));
    }
    text
}
