//! `berth audit`: who did what, by which door, from where, and what was before and after.

use berth_api::audit::{Audit, AuditAnswer, AuditArg, AuditEntry};
use jiff::Zoned;

use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth audit                                   # everybody's last 50 acts (admins)
  berth audit --user ana --since 7d
  berth audit --subject 'job 17' --json
  berth audit --act set_quota --refused --all

Doors: browser, token (CLI and tools), socket (this host), mcp, assistant, login, host, berth (its own
rules). The log is only ever added to, and holds no secrets.";

/// So many in one answer.
const PAGE: u32 = 1000;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Who did it, or for whom it was done. Who is no admin sees their own.
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
    /// What was done: cancel, set_quota, log_in.
    #[arg(long)]
    act: Option<String>,
    /// What it was about: 'job 17', 'project nlp'.
    #[arg(long)]
    subject: Option<String>,
    /// By which door.
    #[arg(long)]
    door: Option<String>,
    /// Only what was refused.
    #[arg(long)]
    refused: bool,
    /// From then on: 7d, 2026-11-01, 18:00 (the last one).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before then.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50, conflicts_with = "all")]
    limit: u32,
    /// All of them.
    #[arg(long)]
    all: bool,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let now = Zoned::now();
    let past = |text: &String| time::past(text, &now).map_err(Failure::Usage);
    let mut asked = AuditArg {
        user: args.user.clone(),
        act: args.act.clone(),
        subject: args.subject.clone(),
        door: args.door.clone(),
        refused: args.refused.then_some(true),
        since: args.since.as_ref().map(past).transpose()?,
        until: args.until.as_ref().map(past).transpose()?,
        before: None,
        limit: Some(args.limit.min(PAGE)),
    };
    if args.all {
        asked.limit = Some(PAGE);
    }
    let mut all = AuditAnswer::default();
    loop {
        let call = || {
            session.berth.call(Audit {
                body: asked.clone(),
            })
        };
        let AuditAnswer { entries, next } = session.repeat(call).await?;
        all.entries.extend(entries);
        let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
        if !args.all {
            all.entries.truncate(wanted);
        }
        all.next = next;
        let enough = !args.all && all.entries.len() >= wanted;
        match next {
            Some(next) if !enough => asked.before = Some(next),
            _ => break,
        }
    }
    if session.json {
        return output::json(&all);
    }
    output::print(&text(&all.entries, Width::here()))
}

fn text(entries: &[AuditEntry], width: Width) -> String {
    if entries.is_empty() {
        return "Nothing fits.\n".to_owned();
    }
    let now = berth_domain::Timestamp::now();
    let row = |AuditEntry { entry, .. }: &AuditEntry| {
        let by = match &entry.acts_for {
            Some(person) => format!("{} for {person}", entry.actor),
            None => entry.actor.to_string(),
        };
        let from = match entry.origin.address {
            Some(address) => format!("{} {address}", entry.origin.door),
            None => entry.origin.door.to_string(),
        };
        let came = match &entry.refused {
            Some(why) => format!("refused: {why}"),
            None => changes(entry),
        };
        let subject = entry.subject.clone().unwrap_or_default();
        vec![
            time::age(entry.at, now),
            by,
            entry.act.clone(),
            subject,
            from,
            came,
        ]
    };
    let header = ["WHEN", "WHO", "ACT", "ABOUT", "FROM", "WHAT CAME OF IT"];
    table::plain(&header, &[], entries.iter().map(row).collect(), width)
}

fn changes(entry: &berth_domain::audit::Entry) -> String {
    let one = |one: &berth_domain::audit::Difference| {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        match one.path.as_str() {
            "" if one.before.is_none() => format!("{} is new", one.of),
            path => format!("{path} {} -> {}", value(&one.before), value(&one.after)),
        }
    };
    let all: Vec<String> = entry.differences.iter().map(one).collect();
    all.join("; ")
}
