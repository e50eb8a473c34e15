//! `berth ask`: a question to the assistant. Its answer goes to standard output as it comes; what it
//! calls and what that costs to standard error.

mod approve;
mod show;

use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use berth_api::talks::{AskArg, ForgetTalk, ForgetTalkArg, Said, Talk, Talks};
use berth_domain::TalkId;

use self::show::Shown;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  berth ask why does job 17 wait
  berth ask --talk 3 'and what would let it start sooner?'
  berth ask 'cancel my jobs that have done nothing for an hour'
  journalctl -n 50 | berth ask -
  berth ask --talks

It acts as your agent NAME.assistant: `berth agent ledger --by NAME.assistant` shows what it did.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The question; its words need no quotes. `-` reads it from standard input.
    #[arg(required_unless_present_any = ["talks", "show", "forget"])]
    question: Vec<String>,
    /// Go on with this talk.
    #[arg(long, value_name = "TALK")]
    talk: Option<TalkId>,
    /// List your talks.
    #[arg(long, conflicts_with_all = ["question", "talk"])]
    talks: bool,
    /// Print what was said in a talk.
    #[arg(long, value_name = "TALK", conflicts_with_all = ["question", "talk", "talks"])]
    show: Option<TalkId>,
    /// Forget a talk. What was done stays in the ledger.
    #[arg(long, value_name = "TALK", conflicts_with_all = ["question", "talk", "talks", "show"])]
    forget: Option<TalkId>,
}

pub async fn run(session: &Session, args: &Args) -> Result<ExitCode, Failure> {
    let berth = &session.berth;
    if args.talks {
        let answer = session.repeat(|| berth.call(Talks {})).await?;
        session.show(&answer, show::talks)?;
    } else if let Some(id) = args.show {
        let answer = session.repeat(|| berth.call(Talk { id })).await?;
        session.show(&answer, show::talk)?;
    } else if let Some(talk) = args.forget {
        let body = ForgetTalkArg { talk };
        let answer = session.once(berth.call(ForgetTalk { body })).await?;
        session.show(&answer, |_| format!("Talk {talk} is forgotten.\n"))?;
    } else {
        return ask(session, args).await;
    }
    Ok(ExitCode::SUCCESS)
}

async fn ask(session: &Session, args: &Args) -> Result<ExitCode, Failure> {
    let question = AskArg {
        question: question(&args.question)?,
        talk: args.talk,
    };
    let mut asked = session.once(session.berth.ask(&question)).await?;
    let mut shown = Shown::new(io::stderr().is_terminal());
    let mut ended = None;
    let mut approvals = Vec::new();
    while let Some(said) = session.once(asked.next()).await? {
        if session.json {
            output::json(&said)?;
        } else {
            shown.show(&said)?;
        }
        match said {
            Said::Approval { card, sentence } => approvals.push((card, sentence)),
            Said::Done { .. } => ended = Some(ExitCode::SUCCESS),
            Said::Failed { .. } => ended = Some(ExitCode::FAILURE),
            _ => {}
        }
    }
    if !session.json {
        shown.end()?;
        approve::all(session, approvals).await?;
    }
    ended.ok_or_else(|| {
        Failure::Other("The server broke off in the middle of the answer.".to_owned())
    })
}

fn question(words: &[String]) -> Result<String, Failure> {
    if words != ["-"] {
        return Ok(words.join(" "));
    }
    let mut text = String::new();
    let read = io::stdin().lock().take(64 * 1024).read_to_string(&mut text);
    read.map_err(|error| Failure::Other(format!("The question cannot be read: {error}.")))?;
    Ok(text)
}
