//! Agents, rules and the ledger: read from the view and the store, changed by commands.

use std::collections::BTreeMap;

use berth_domain::agent::{Act, Agent, AgentRule, CardState, Mode};
use berth_domain::command::AgentRequest;
use berth_domain::{
    Actor, Card, CardId, Command, JobId, Mandate, Refusal, Right, Thing, Timestamp, UserName,
};
use berth_orchestrator::View;
use berth_store::{CardFilter, TokenKind};

use super::{Context, command_error, store_error};
use crate::ApiError;
use crate::agents::{
    AgentAnswer, AgentArg, AgentView, AgentsAnswer, AnswerCardArg, CardArg, CardView, LedgerAnswer,
    ResumeArg, RuleArg, RuleView, SetAgentArg, StopArg,
};

const PAGE: u32 = 50;
const LONGEST_PAGE: u32 = 500;

/// What is asked of the ledger.
#[derive(Clone, Debug, Default)]
pub struct LedgerArgs {
    pub by: Option<String>,
    pub state: Option<String>,
    pub job: Option<JobId>,
    pub asks: Option<String>,
    pub before: Option<CardId>,
    pub limit: Option<u32>,
}

impl Context {
    pub(crate) async fn agents(&self) -> Result<AgentsAnswer, ApiError> {
        let view = self.state.handle.current().await;
        let now = self.state.clock.now();
        let agents = view.agents.all.values();
        Ok(AgentsAnswer {
            agents: agents.map(|one| agent_view(one, &view, now)).collect(),
            stopped: view.agents.stopped.clone(),
            rules: AgentRule::ALL
                .iter()
                .map(|rule| rule_view(*rule, &view))
                .collect(),
            open: view
                .cards
                .iter()
                .rev()
                .map(|card| self.card_view(card.clone(), now))
                .collect(),
        })
    }

    /// What an agent may do, if there is one of that name.
    pub async fn mandate_of(&self, name: &str) -> Option<Mandate> {
        let view = self.state.handle.current().await;
        let agent = view.agents.all.get(&UserName::from(name));
        agent.map(|agent| agent.mandate.clone())
    }

    /// # Errors
    /// When the name or the mandate cannot be one, or the caller may not make or change it.
    pub async fn set_agent(&self, arg: SetAgentArg) -> Result<AgentAnswer, ApiError> {
        let name = UserName(arg.name.trim().to_owned());
        let person = self.state.store.user(&name).await.map_err(store_error)?;
        if person.is_some() {
            let why = format!("There is a person {name}: give the agent another name.");
            return Err(ApiError::invalid("name", why));
        }
        let acts_for = arg.acts_for.map(|name| UserName(name.trim().to_owned()));
        if let Some(whom) = &acts_for {
            let known = self.state.store.user(whom).await.map_err(store_error)?;
            if known.is_none() {
                let why = format!("There is no person {whom} for whom it could act.");
                return Err(ApiError::invalid("acts_for", why));
            }
        }
        let known = self.view().agents.all.contains_key(&name);
        let request = AgentRequest {
            name: name.clone(),
            acts_for,
            mandate: arg.mandate,
        };
        self.do_it(Command::SetAgent(Box::new(request))).await?;
        let view = self.state.handle.current().await;
        let now = self.state.clock.now();
        let agent = view.agents.all.get(&name);
        let agent = agent.ok_or_else(|| ApiError::from(no_such(&name)))?;
        let token = match arg.token || !known {
            true => Some(self.agent_token(agent, now).await?),
            false => None,
        };
        Ok(AgentAnswer {
            agent: agent_view(agent, &view, now),
            token,
        })
    }

    async fn agent_token(&self, agent: &Agent, now: Timestamp) -> Result<String, ApiError> {
        let (store, name) = (&self.state.store, agent.name.as_str());
        let made = store.create_token(&agent.acts_for, TokenKind::Agent, name, None, now);
        let made = made.await.map_err(store_error)?;
        self.did("create_agent_token", format!("agent {name}"), Vec::new())
            .await;
        Ok(made)
    }

    /// # Errors
    /// When there is none of that name, or it acts for somebody else.
    pub async fn remove_agent(&self, arg: AgentArg) -> Result<AgentsAnswer, ApiError> {
        let name = UserName(arg.name);
        self.do_it(Command::RemoveAgent(name.clone())).await?;
        let ended = self.state.store.revoke_agent_tokens(&name).await;
        ended.map_err(store_error)?;
        self.agents().await
    }

    /// # Errors
    /// When the caller may not stop it.
    pub async fn stop_agents(&self, arg: StopArg) -> Result<AgentsAnswer, ApiError> {
        let command = Command::StopAgents {
            agent: arg.agent.map(UserName),
            why: arg.why,
            jobs: arg.jobs,
        };
        self.do_it(command).await?;
        self.agents().await
    }

    /// # Errors
    /// When the caller may not let it go on.
    pub async fn resume_agents(&self, arg: ResumeArg) -> Result<AgentsAnswer, ApiError> {
        let agent = arg.agent.map(UserName);
        self.do_it(Command::ResumeAgents(agent)).await?;
        self.agents().await
    }

    /// # Errors
    /// When there is no such rule or mode, or the caller is no admin.
    pub async fn set_agent_rule(&self, arg: RuleArg) -> Result<AgentsAnswer, ApiError> {
        let rule = parsed("rule", &arg.rule)?;
        let mode = arg.mode.as_deref().filter(|mode| !mode.is_empty());
        let mode: Option<Mode> = mode.map(|mode| parsed("mode", mode)).transpose()?;
        let command = Command::SetRule {
            rule,
            project: arg.project.filter(|project| !project.trim().is_empty()),
            mode,
        };
        self.do_it(command).await?;
        self.agents().await
    }

    pub(crate) async fn ledger(&self, args: LedgerArgs) -> Result<LedgerAnswer, ApiError> {
        let state = args.state.as_deref().filter(|state| !state.is_empty());
        let state: Option<CardState> = state.map(|state| parsed("state", state)).transpose()?;
        let filter = CardFilter {
            before: args.before,
            by: args.by.filter(|by| !by.is_empty()),
            state,
            job: args.job,
            asks: args.asks.map(|asks| match asks.as_str() {
                "me" => self.whoami().user.to_string(),
                _ => asks,
            }),
        };
        let limit = args.limit.unwrap_or(PAGE).clamp(1, LONGEST_PAGE);
        // With everything that was done before the call.
        self.state.handle.current().await;
        let cards = self.state.store.cards(&filter, limit).await;
        let cards = cards.map_err(store_error)?;
        let whole = cards.len() < limit as usize;
        let next = cards.last().map(|card| card.id).filter(|_| !whole);
        let now = self.state.clock.now();
        Ok(LedgerAnswer {
            cards: cards
                .into_iter()
                .map(|card| self.card_view(card, now))
                .collect(),
            next,
        })
    }

    /// # Errors
    /// When it waits for no answer any more, or the caller is not asked.
    pub async fn answer_card(&self, arg: AnswerCardArg) -> Result<CardView, ApiError> {
        let AnswerCardArg { card, approve } = arg;
        self.do_it(Command::AnswerCard { card, approve }).await?;
        self.card(card).await
    }

    /// # Errors
    /// When it cannot be taken back any more, or the caller may not.
    pub async fn undo_card(&self, arg: CardArg) -> Result<CardView, ApiError> {
        self.do_it(Command::UndoCard(arg.card)).await?;
        self.card(arg.card).await
    }

    async fn card(&self, id: CardId) -> Result<CardView, ApiError> {
        let found = self.state.store.card(id).await.map_err(store_error)?;
        let gone = || Refusal::NoSuchCard {
            card: id,
            done: "shown".to_owned(),
        };
        let found = found.ok_or_else(|| ApiError::from(gone()))?;
        Ok(self.card_view(found, self.state.clock.now()))
    }

    async fn do_it(&self, command: Command) -> Result<(), ApiError> {
        let sent = self.send(command).await;
        sent.map(|_| ()).map_err(command_error)
    }

    fn card_view(&self, card: Card, now: Timestamp) -> CardView {
        let thing = match &card.asks {
            Some(asks) => Thing::of(asks).within(card.project.as_deref()),
            None => Thing::CLUSTER,
        };
        // Agents answer no cards.
        let mine = !matches!(self.actor, Actor::Agent { .. })
            && self.may(&self.view(), Right::AnswerCard, thing);
        CardView {
            act_text: card.act.as_ref().map(Act::words),
            may_answer: mine && card.is_open() && card.until.is_none_or(|until| now < until),
            may_undo: mine && card.can_be_undone(now),
            card,
        }
    }
}

fn no_such(name: &UserName) -> Refusal {
    Refusal::NoSuchAgent {
        agent: name.clone(),
    }
}

fn parsed<T: std::str::FromStr<Err = String>>(field: &str, text: &str) -> Result<T, ApiError> {
    text.parse()
        .map_err(|why| ApiError::invalid(field, format!("{why}.")))
}

fn agent_view(agent: &Agent, view: &View, now: Timestamp) -> AgentView {
    let ahead = view
        .agents_ahead
        .get(&agent.name)
        .copied()
        .unwrap_or_default();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    AgentView {
        name: agent.name.clone(),
        acts_for: agent.acts_for.clone(),
        mandate: agent.mandate.clone(),
        made_at: agent.made_at,
        stopped: view.agents.stopped(&agent.name).cloned(),
        used_gpu_seconds: agent.account.gpu_seconds,
        ahead_gpu_seconds: ahead.gpu_seconds,
        gpus: ahead.gpus,
        jobs: ahead.jobs,
        jobs_last_hour: count(agent.account.submits_within_hour(now)),
        refusals_last_hour: count(agent.account.refusals_within_hour(now)),
        used_model_micros: agent.account.model_micros,
    }
}

fn rule_view(rule: AgentRule, view: &View) -> RuleView {
    let modes = &view.agents.rules;
    let projects: BTreeMap<String, Mode> = modes
        .projects
        .iter()
        .filter_map(|(project, own)| Some((project.clone(), *own.get(&rule)?)))
        .collect();
    RuleView {
        rule,
        title: rule.title().to_owned(),
        text: rule.text().to_owned(),
        mode: modes.of(rule, None),
        projects,
    }
}
