//! What the report knows of its campaign, and what it does to it: its parts read it, and what is done
//! changes it. Cheap to copy.

use berth_api::campaigns::{
    CampaignRow, CampaignView, ChangeCampaignArg, campaign, change_campaign,
};
use berth_domain::CampaignId;
use berth_domain::campaign::CampaignChange;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::follow::follow;
use crate::components::confirm::Confirm;
use crate::notice::Notices;
use crate::pages::agent::desk::focus;

/// Where the focus goes when something was done.
pub const STATE: &str = "campaign-state";

#[derive(Clone, Copy, Debug)]
pub struct Sheet {
    pub id: CampaignId,
    pub known: RwSignal<CampaignView>,
    pub notices: Notices,
    pub confirm: Confirm,
}

impl Sheet {
    pub fn new(known: CampaignView) -> Self {
        Sheet {
            id: known.row.id,
            known: RwSignal::new(known),
            notices: Notices::here(),
            confirm: Confirm::here(),
        }
    }

    /// A part of its row. Follows it.
    pub fn row<T>(self, read: impl FnOnce(&CampaignRow) -> T) -> T {
        self.known.with(|known| read(&known.row))
    }

    /// Asks again while anything of it may change. Where that fails, what is known stays.
    pub fn keep_current(self) {
        let goes_on = move || self.row(|row| row.ended_at.is_none() || row.counts.live > 0);
        follow(goes_on, move || {
            spawn_local(async move {
                if let Ok(now) = campaign(self.id).await {
                    // The page may be gone by now.
                    self.known.try_set(now);
                }
            });
        });
    }

    /// Does it, and says how that went.
    pub fn send(self, change: CampaignChange, said: &'static str, then: impl FnOnce() + 'static) {
        let body = ChangeCampaignArg {
            id: self.id,
            change,
        };
        spawn_local(async move {
            match change_campaign(body).await {
                Ok(now) => {
                    self.notices.say(said);
                    self.known.try_set(now);
                    focus(STATE);
                    then();
                }
                Err(error) => self.notices.refuse(&error),
            }
        });
    }
}
