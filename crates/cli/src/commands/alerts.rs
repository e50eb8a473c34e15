//! `berth alerts`, `berth alert answer`: what is wrong, and what to do about it.

use berth_api::alerts::{AlertView, AnswerAlert, AnswerArg, GetAlerts};
use berth_domain::{AlertId, AlertState, Choice, Timestamp};
use clap::Subcommand;

use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also the last ones that are over.
    #[arg(short, long)]
    all: bool,
}

const EXAMPLES: &str = "\
Examples:
  berth alerts
  berth alert answer 12 keep --because \"the data arrives at noon\" --for 3h
  berth alert answer 12 stop";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct One {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say what is to be done, and have it done.
    Answer(Given),
}

#[derive(Debug, clap::Args)]
struct Given {
    id: AlertId,
    /// One of its choices.
    choice: Choice,
    /// Why it is to stay as it is; needed for `keep`.
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
    /// How long it is to stay as it is. Default: 2 hours.
    #[arg(long = "for", value_name = "TIME")]
    lasts: Option<String>,
}

pub async fn list(session: &Session, args: &Args) -> Result<(), Failure> {
    let all = args.all.then_some(true);
    let answer = session
        .repeat(|| session.berth.call(GetAlerts { all }))
        .await?;
    if session.json {
        return output::json(&answer.alerts);
    }
    output::print(&text(&answer.alerts, Timestamp::now(), Width::here()))
}

pub async fn one(session: &Session, args: &One) -> Result<(), Failure> {
    let Verb::Answer(given) = &args.verb;
    let body = AnswerArg {
        id: given.id,
        choice: given.choice.to_string(),
        because: given.because.clone(),
        lasts: given.lasts.clone(),
    };
    let answer = session
        .once(session.berth.call(AnswerAlert { body }))
        .await?;
    session.show(&answer, |alert| {
        let until = alert.answer.as_ref().and_then(|answer| answer.until);
        let until = until.map_or(String::new(), |until| {
            format!(", until {}", time::local(until))
        });
        format!(
            "Alert {} ({}): {}{until}.\n",
            alert.id, alert.subject, given.choice
        )
    })
}

fn text(alerts: &[AlertView], now: Timestamp, width: Width) -> String {
    if alerts.is_empty() {
        return "Nothing is wrong.\n".to_owned();
    }
    let cells = |alert: &AlertView| {
        let choices: Vec<&str> = alert.choices.iter().map(|one| one.as_str()).collect();
        vec![
            alert.id.to_string(),
            state(alert),
            alert.severity.as_str().to_owned(),
            time::age(alert.opened_at, now),
            table::printable(&alert.subject),
            alert
                .asks
                .as_ref()
                .map_or("admins".to_owned(), ToString::to_string),
            choices.join("|"),
            table::printable(&alert.text),
        ]
    };
    let header = [
        "ID", "STATE", "SEVERITY", "SINCE", "ABOUT", "ASKS", "ANSWERS", "WHAT",
    ];
    table::plain(&header, &[0], alerts.iter().map(cells).collect(), width)
}

fn state(alert: &AlertView) -> String {
    match (alert.state, &alert.answer) {
        (AlertState::Answered, Some(answer)) => format!("{} by {}", answer.choice, answer.by),
        (state, _) => state.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::{AlertRule, Severity};

    use super::*;

    #[test]
    fn the_table_says_what_is_wrong_and_what_can_be_answered() {
        let now = Timestamp::from_second(7200).unwrap();
        let alert = AlertView {
            id: AlertId(3),
            rule: AlertRule::NoProcess,
            title: "Held, no process".to_owned(),
            severity: Severity::Warning,
            state: AlertState::Open,
            subject: "job 17".to_owned(),
            job: None,
            text: "Job 17 (train, ana) holds all 4 GPUs without any process on them.".to_owned(),
            advice: String::new(),
            asks: Some("ana".into()),
            choices: vec![Choice::Keep, Choice::Stop],
            opened_at: Timestamp::from_second(3600).unwrap(),
            answer: None,
            resolved_at: None,
            climbed: None,
        };
        let shown = text(&[alert], now, Width::Whole);
        let expected = "\
ID  STATE  SEVERITY  SINCE   ABOUT   ASKS  ANSWERS    WHAT
 3  open   warning   1h ago  job 17  ana   keep|stop  \
Job 17 (train, ana) holds all 4 GPUs without any process on them.
";
        assert_eq!(shown, expected);
        assert_eq!(text(&[], now, Width::Whole), "Nothing is wrong.\n");
    }
}
