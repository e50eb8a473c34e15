//! Who asks, and what of: what every door begins with that does something for somebody.

use axum::Extension;
use axum::extract::FromRequestParts;
use axum::extract::rejection::ExtensionRejection;
use berth_api::context::{Context, Door};
use berth_domain::Actor;
use http::request::Parts;

use super::Web;

/// The guard has said who it is.
pub struct Caller(pub Context);

impl FromRequestParts<Web> for Caller {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let Extension(actor) = Extension::<Actor>::from_request_parts(parts, web).await?;
        let Extension(door) = Extension::<Door>::from_request_parts(parts, web).await?;
        let state = web.api.clone();
        Ok(Caller(Context::new(state, actor, door)))
    }
}
