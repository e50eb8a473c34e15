//! `berth agent`: programs that act for people, the rules that Berth follows by itself, what all of them
//! did, and the switch that stops them.

mod mandate;
mod show;

use berth_api::agents::{
    AgentArg, AnswerCard, AnswerCardArg, CardArg, Ledger, ListAgents, RemoveAgent, ResumeAgents,
    ResumeArg, RuleArg, SetAgent, SetAgentArg, SetAgentRule, StopAgents, StopArg, UndoCard,
};
use berth_domain::agent::{AgentRule, CardState, Mode};
use berth_domain::{CardId, JobId, Timestamp};
use clap::Subcommand;

use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::Width;

const EXAMPLES: &str = "\
Examples:
  berth agent create tuner --gpu-hours 48 --gpus 8 --command 'python train.py --lr {float}'
  berth agent rules
  berth agent rule requeue_lost act
  berth agent ledger --by tuner
  berth agent approve 12
  berth agent stop --why 'it submits nonsense' --jobs
  berth agent resume";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The agents, what they may do, and what they used.
    List,
    /// Make an agent that acts for you, and print its token; or change what it may do.
    Create(Box<Create>),
    /// Remove an agent; its jobs stay.
    Remove { name: String },
    /// The rules that Berth follows by itself, and how far each goes.
    Rules,
    /// Say how far a rule goes (admins only).
    Rule(Rule),
    /// What was done, suggested and refused.
    Ledger(LedgerArgs),
    /// Do what a card suggests.
    Approve { card: CardId },
    /// Do not do it.
    Decline { card: CardId },
    /// Take back what was done.
    Undo { card: CardId },
    /// Stop one agent or, with an admin's rights, all of them and all rules, at once.
    Stop(Stop),
    /// Let one or all go on.
    Resume { name: Option<String> },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// 1 to 64 of a-z, 0-9, '.', '_' and '-'.
    name: String,
    /// Whom it acts for, if not you (admins only).
    #[arg(long = "for", value_name = "USER")]
    acts_for: Option<String>,
    /// Make a token although it has one.
    #[arg(long)]
    token: bool,
    #[command(flatten)]
    mandate: mandate::Flags,
}

#[derive(Debug, clap::Args)]
struct Rule {
    rule: AgentRule,
    /// `off`, `shadow`, `suggest` or `act`; left out: as by default, or as for all.
    mode: Option<Mode>,
    /// For one project only.
    #[arg(long)]
    project: Option<String>,
}

#[derive(Debug, clap::Args)]
struct LedgerArgs {
    /// An agent's or a rule's name.
    #[arg(long)]
    by: Option<String>,
    #[arg(long)]
    state: Option<CardState>,
    #[arg(long)]
    job: Option<JobId>,
    /// Only what asks you, or was done for you.
    #[arg(long)]
    mine: bool,
    /// How many.
    #[arg(short = 'n', long, default_value_t = 50)]
    limit: u32,
    /// Those before this card.
    #[arg(long, value_name = "CARD")]
    before: Option<CardId>,
}

#[derive(Debug, clap::Args)]
struct Stop {
    /// All, and all rules, where it is left out.
    name: Option<String>,
    /// Why, for whoever wonders.
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Cancel their jobs too.
    #[arg(long)]
    jobs: bool,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let berth = &session.berth;
    match &args.verb {
        Verb::List => {
            let answer = session.repeat(|| berth.call(ListAgents {})).await?;
            session.show(&answer, |answer| show::agents(answer, Width::here()))
        }
        Verb::Create(create) => self::create(session, create).await,
        Verb::Remove { name } => {
            let body = AgentArg { name: name.clone() };
            let answer = session.once(berth.call(RemoveAgent { body })).await?;
            session.show(&answer, |_| format!("{name} is removed; its jobs stay.\n"))
        }
        Verb::Rules => {
            let answer = session.repeat(|| berth.call(ListAgents {})).await?;
            if session.json {
                return output::json(&answer.rules);
            }
            output::print(&show::rules(&answer, Width::here()))
        }
        Verb::Rule(rule) => {
            let body = RuleArg {
                rule: rule.rule.to_string(),
                project: rule.project.clone(),
                mode: rule.mode.map(|mode| mode.to_string()),
            };
            let call = || berth.call(SetAgentRule { body: body.clone() });
            let answer = session.repeat(call).await?;
            if session.json {
                return output::json(&answer.rules);
            }
            output::print(&show::rules(&answer, Width::here()))
        }
        Verb::Ledger(args) => ledger(session, args).await,
        Verb::Approve { card } => answer(session, *card, true).await,
        Verb::Decline { card } => answer(session, *card, false).await,
        Verb::Undo { card } => {
            let body = CardArg { card: *card };
            let answer = session.once(berth.call(UndoCard { body })).await?;
            session.show(&answer, |_| format!("Card {card}: taken back.\n"))
        }
        Verb::Stop(stop) => {
            let body = StopArg {
                agent: stop.name.clone(),
                why: stop.why.clone(),
                jobs: stop.jobs,
            };
            let call = || berth.call(StopAgents { body: body.clone() });
            let answer = session.repeat(call).await?;
            session.show(&answer, |_| match &stop.name {
                Some(name) => {
                    format!("{name} is stopped. `berth agent resume {name}` lets it go on.\n")
                }
                None => "All agents and rules are stopped. `berth agent resume` lets them go on.\n"
                    .to_owned(),
            })
        }
        Verb::Resume { name } => {
            let body = ResumeArg {
                agent: name.clone(),
            };
            let call = || berth.call(ResumeAgents { body: body.clone() });
            let answer = session.repeat(call).await?;
            session.show(&answer, |_| match name {
                Some(name) => format!("{name} goes on.\n"),
                None => {
                    "Agents and rules go on, except those that were stopped alone.\n".to_owned()
                }
            })
        }
    }
}

async fn create(session: &Session, create: &Create) -> Result<(), Failure> {
    let listed = session.repeat(|| session.berth.call(ListAgents {})).await?;
    let known = listed
        .agents
        .iter()
        .find(|agent| agent.name.as_str() == create.name);
    let mandate = known.map(|agent| agent.mandate.clone()).unwrap_or_default();
    let body = SetAgentArg {
        name: create.name.clone(),
        acts_for: create.acts_for.clone(),
        mandate: create.mandate.on(mandate).map_err(Failure::Other)?,
        token: create.token,
    };
    let answer = session.once(session.berth.call(SetAgent { body })).await?;
    session.show(&answer, show::made)
}

async fn ledger(session: &Session, args: &LedgerArgs) -> Result<(), Failure> {
    let call = || {
        session.berth.call(Ledger {
            by: args.by.clone(),
            state: args.state.map(|state| state.to_string()),
            job: args.job,
            asks: args.mine.then(|| "me".to_owned()),
            before: args.before,
            limit: Some(args.limit),
        })
    };
    let answer = session.repeat(call).await?;
    if session.json {
        return output::json(&answer.cards);
    }
    output::print(&show::ledger(&answer, Timestamp::now(), Width::here()))
}

async fn answer(session: &Session, card: CardId, approve: bool) -> Result<(), Failure> {
    let body = AnswerCardArg { card, approve };
    let answer = session
        .once(session.berth.call(AnswerCard { body }))
        .await?;
    session.show(&answer, |view| match &view.act_text {
        Some(act) if approve => format!("Card {card}: done ({act}).\n"),
        _ if approve => format!("Card {card}: noted.\n"),
        _ => format!("Card {card}: not done.\n"),
    })
}
