//! The autopilot: named rules that look at the cluster and propose what should be done. How far each goes
//! an admin says, and `decide` sees to it; here is only what should be done, and what it would come to.
//!
//! [`look`] is pure, so that every rule can be shown by a scenario. [`run`](run::Autopilot::run) is the
//! loop around it, beside the control loop.

mod arrivals;
mod bench;
mod likes;
mod measure;
mod memory;
mod predict;
mod rules;
mod run;
mod seen;
mod words;

pub use measure::{due, measured};
pub use memory::{Asked, Memory};
pub use rules::owed;
pub use run::Autopilot;
pub use seen::Seen;

use berth_domain::agent::{Draft, Mode};

use self::bench::Bench;
use self::rules::RULES;

/// So many proposals a turn: what else there is waits for the next one.
const MOST: usize = 8;

/// What is owed, and what the rules propose now. What was proposed before, and holds, is not proposed again.
#[must_use]
pub fn look(seen: &Seen<'_>) -> Vec<Draft> {
    let mut drafts = owed(seen);
    if seen.state.agents().stopped.is_none() {
        drafts.extend(found(seen));
    }
    drafts.truncate(MOST);
    drafts
}

/// What the rules find, as far as they may.
fn found(seen: &Seen<'_>) -> Vec<Draft> {
    let agents = seen.state.agents();
    let bench = Bench::new(seen);
    let mut drafts = Vec::new();
    // Trying things out is dear: whoever comes first has most of it, so they take turns.
    let first = usize::try_from(seen.turn).unwrap_or_default() % RULES.len();
    for (rule, find) in RULES.iter().cycle().skip(first).take(RULES.len()) {
        if drafts.len() >= MOST {
            break;
        }
        if seen.is_on(*rule) {
            drafts.extend(find(&bench));
        }
    }
    // Each act changes what the next would come to, whichever rule's it is.
    let mut acts = false;
    drafts.retain(|draft| {
        let mode = agents.rules.of(draft.rule, draft.project.as_deref());
        let changes = draft.act.is_some() && draft.predicted.is_some();
        let kept =
            mode != Mode::Off && seen.is_news(draft.rule, &draft.subject) && !(changes && acts);
        acts |= kept && changes;
        kept
    });
    drafts
}
