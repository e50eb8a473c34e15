//! What campaigns spend on language models.

use super::{known, only_berth};
use crate::campaign::{CampaignId, Strategy};
use crate::command::Actor;
use crate::event::Event;
use crate::ids::UserName;
use crate::refusal::Refusal;
use crate::state::State;

/// Whether the agent that starts it has money for a model, where one is asked.
pub(super) fn may_ask(
    state: &State,
    agent: Option<&UserName>,
    strategy: &Strategy,
) -> Result<(), Refusal> {
    let Some(agent) = agent.filter(|_| strategy.asks_model()) else {
        return Ok(());
    };
    let may = state.agents().may_ask_model(agent).map(drop);
    may.map_err(|bar| Refusal::Mandate {
        agent: agent.clone(),
        bar,
    })
}

/// Counts what a language model cost, also where that is more than was left; of a campaign that an agent
/// started on its account too.
pub(in crate::decide) fn asked(
    state: &State,
    actor: &Actor,
    id: CampaignId,
    micros: u64,
) -> Result<Vec<Event>, Refusal> {
    only_berth(actor, "say what a language model cost")?;
    let campaign = known(state, id)?;
    // What costs nothing is not worth a line in the journal.
    if micros == 0 {
        return Ok(vec![]);
    }
    let asked = Event::CampaignAsked {
        campaign: id,
        micros,
    };
    let agent = campaign.agent.clone();
    let agent = agent.filter(|agent| state.agents().all.contains_key(agent));
    let used = agent.map(|agent| Event::ModelUsed { agent, micros });
    Ok(std::iter::once(asked).chain(used).collect())
}
