//! Pausing, resuming, ending and steering a campaign: back to its report, which says how it stands.

use axum::Form;
use axum::extract::Path;
use axum::response::Redirect;
use berth_api::campaigns::{ChangeCampaignArg, form};
use berth_domain::CampaignId;

use super::back;
use crate::web::caller::Caller;

/// The field `verb` says which.
pub(super) async fn change(
    Caller(context): Caller,
    Path(id): Path<u64>,
    Form(typed): Form<Vec<(String, String)>>,
) -> Redirect {
    let id = CampaignId(id);
    let changed = async {
        let known = context.campaign(id).await?;
        let fields = typed.iter().map(|(name, value)| (&**name, &**value));
        let change = form::change(fields, &known)?;
        context
            .change_campaign(ChangeCampaignArg { id, change })
            .await
    };
    back(&format!("/agent/campaigns/{id}"), changed.await)
}
