//! `berth notify`: what you are told, and where.

use std::time::Duration;

use berth_api::notifications::{
    GetNotifications, NotificationsAnswer, NotificationsArg, SetNotifications, TryArg,
    TryNotifications,
};
use berth_domain::{Occasion, walltime};
use clap::Subcommand;

use crate::failure::Failure;
use crate::session::Session;
use crate::table;
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth notify set --email ana@example.org --on ended,waits,alert
  berth notify set --slack https://hooks.slack.com/services/… --waits-over 1h
  berth notify set --email \"\"
  berth notify test";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// What you are told, where, and what did not arrive.
    Show,
    /// Change it; what is not named stays.
    Set(Set),
    /// Send yourself a message by every way that is set.
    Test,
}

#[derive(Debug, clap::Args)]
struct Set {
    /// All that you want to be told of: `started`, `ended`, `waits`, `alert`, `approval`; "" for nothing.
    #[arg(long, value_name = "WHAT,WHAT", value_delimiter = ',')]
    on: Option<Vec<String>>,
    /// What waiting for long is.
    #[arg(long, value_name = "TIME")]
    waits_over: Option<String>,
    /// "" removes it, here and below.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A Slack incoming webhook.
    #[arg(long, value_name = "URL")]
    slack: Option<String>,
    /// A webhook of your own, which is sent JSON.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// What its messages are signed with (HMAC-SHA256 in `X-Berth-Signature-256`).
    #[arg(long, value_name = "SECRET")]
    webhook_secret: Option<String>,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    match &args.verb {
        None | Some(Verb::Show) => {
            let call = || session.berth.call(GetNotifications {});
            let answer = session.repeat(call).await?;
            session.show(&answer, text)
        }
        Some(Verb::Set(set)) => {
            let body = set.body().map_err(Failure::Usage)?;
            let call = || session.berth.call(SetNotifications { body: body.clone() });
            let answer = session.repeat(call).await?;
            session.show(&answer, text)
        }
        Some(Verb::Test) => {
            let call = session.berth.call(TryNotifications { body: TryArg {} });
            let answer = session.once(call).await?;
            session.show(&answer, |answer| {
                format!(
                    "{} on the way. What does not arrive is in `berth notify show`.\n",
                    match answer.sent {
                        1 => "1 message is".to_owned(),
                        sent => format!("{sent} messages are"),
                    }
                )
            })
        }
    }
}

impl Set {
    fn body(&self) -> Result<NotificationsArg, String> {
        let on = self.on.as_ref().map(|on| {
            let named = on
                .iter()
                .map(|one| one.trim())
                .filter(|one| !one.is_empty());
            named.map(str::parse::<Occasion>).collect::<Result<_, _>>()
        });
        Ok(NotificationsArg {
            on: on.transpose()?,
            waits_over: self.waits_over.clone(),
            email: self.email.clone(),
            slack: self.slack.clone(),
            webhook: self.webhook.clone(),
            webhook_secret: self.webhook_secret.clone(),
        })
    }
}

fn text(answer: &NotificationsAnswer) -> String {
    let on: Vec<&str> = answer.on.iter().map(|one| one.words()).collect();
    let or_none = |text: &Option<String>| {
        text.as_deref()
            .map_or_else(|| "-".to_owned(), table::printable)
    };
    let mut text = format!(
        "When:     {}\nLong is:  {}\nE-mail:   {}\nSlack:    {}\nWebhook:  {}{}\n",
        if on.is_empty() {
            "never".to_owned()
        } else {
            on.join("; ")
        },
        walltime::format(Duration::from_secs(answer.waits_over_s)),
        or_none(&answer.email),
        or_none(&answer.slack),
        or_none(&answer.webhook),
        if answer.webhook_is_signed {
            " (signed)"
        } else {
            ""
        },
    );
    if answer.email.is_some() && !answer.sends_mail {
        text += "The server sends no mail: its notify_smtp is not set.\n";
    }
    for failed in &answer.failed {
        text += &format!(
            "Not arrived: {} by {} at {}, given up after {} tries: {}\n",
            table::printable(&failed.title),
            failed.channel,
            time::local(failed.at),
            failed.tries,
            table::printable(&failed.problem),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_shown() {
        let answer = NotificationsAnswer {
            on: vec![Occasion::Ended, Occasion::Alert],
            waits_over_s: 5400,
            email: Some("ana@example.org".to_owned()),
            webhook: Some("https://example.org/hook".to_owned()),
            webhook_is_signed: true,
            ..NotificationsAnswer::default()
        };
        let expected = "\
When:     a job of mine ends; an alert asks me
Long is:  1h30m
E-mail:   ana@example.org
Slack:    -
Webhook:  https://example.org/hook (signed)
The server sends no mail: its notify_smtp is not set.
";
        assert_eq!(text(&answer), expected);
    }
}
