//! Jobs and campaigns that the page does not know: the server is asked for them, once the typing pauses.

use std::time::Duration;

use berth_api::campaigns::{CampaignRow, list_campaigns};
use berth_api::jobs::{get_job, list_jobs};
use berth_api::views::JobRow;
use berth_api::{ApiError, ErrorCode};
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::found::Wanted;

/// So long after the last key it is asked.
const PAUSE: Duration = Duration::from_millis(150);
/// So many of each are asked for.
const MOST: u32 = 8;

/// What the server knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// What had been typed.
    pub to: String,
    /// That of the typed number first.
    pub rows: Vec<JobRow>,
    /// All that go on.
    pub campaigns: Vec<CampaignRow>,
    /// No job has the typed number.
    pub no_such: bool,
    /// It could not be asked.
    pub failed: bool,
}

/// Asks for what is typed; answers to what is typed no more are dropped.
pub fn follow(text: RwSignal<String>) -> RwSignal<Answer> {
    let answer = RwSignal::new(Answer::default());
    let mut ask = debounce(PAUSE, move |typed: String| {
        spawn_local(async move {
            let found = asked(typed).await;
            if text.try_with_untracked(|text| *text == found.to) == Some(true) {
                answer.try_set(found);
            }
        });
    });
    Effect::new(move |_| {
        let text = text.get();
        if !Wanted::of(&text).of_jobs.is_empty() {
            ask(text);
        }
    });
    answer
}

async fn asked(typed: String) -> Answer {
    let wanted = Wanted::of(&typed);
    let mut answer = Answer {
        to: typed,
        ..Answer::default()
    };
    if let Some(id) = wanted.number {
        match get_job(id).await {
            Ok(found) => answer.rows.push(found.job.row),
            Err(error) if error.code() == ErrorCode::NotFound => answer.no_such = true,
            Err(error) => answer.failed = is_away(&error),
        }
    }
    let text = wanted.of_jobs;
    let one_word = wanted.number.is_none() && !text.contains(' ');
    let owner = one_word.then(|| text.clone());
    let asks = [(None, Some(text)), (owner, None)];
    for (user, text) in asks
        .into_iter()
        .filter(|(user, text)| user.is_some() || text.is_some())
    {
        match list_jobs(user, None, None, None, text, None, None, Some(MOST), None).await {
            Ok(found) => {
                for row in found.jobs {
                    if !answer.rows.iter().any(|known| known.id == row.id) {
                        answer.rows.push(row);
                    }
                }
            }
            Err(error) => answer.failed |= is_away(&error),
        }
    }
    match list_campaigns(None).await {
        Ok(found) => answer.campaigns = found.campaigns,
        Err(error) => answer.failed |= is_away(&error),
    }
    answer
}

/// Whether the server itself did not answer; what it refuses is simply not found.
fn is_away(error: &ApiError) -> bool {
    matches!(
        error.code(),
        ErrorCode::Unreachable | ErrorCode::Unavailable
    )
}
