//! Server functions called where they live: by whoever sent the request, as the guard said.

use berth_api::ApiError;
use berth_api::context::{self, ApiState, DoorKind, unauthenticated};
use berth_domain::Actor;
use berth_mcp::{Door, House};
use http::request::Parts;
use leptos::context::provide_context;
use leptos::reactive::computed::ScopedFuture;
use leptos::reactive::owner::Owner;
use rmcp::model::Extensions;
use server_fn::ServerFn;

/// Where agents' requests come in.
#[derive(Clone)]
pub struct Hall(pub ApiState);

impl House for Hall {
    type Door = Here;

    /// Each request has its own actor: what a session began with does not count.
    fn door(&self, asked: &Extensions) -> Result<Here, ApiError> {
        let parts = asked.get::<Parts>();
        let actor = parts.and_then(|parts| parts.extensions.get::<Actor>().cloned());
        let by = parts.and_then(|parts| parts.extensions.get::<context::Door>().cloned());
        Ok(Here {
            state: self.0.clone(),
            actor: actor.ok_or_else(unauthenticated)?,
            by: by.unwrap_or_default(),
        })
    }
}

/// Where the tools of one talk come in: whatever is asked there, this actor asks it.
#[derive(Clone)]
pub struct Room {
    pub state: ApiState,
    pub actor: Actor,
}

impl House for Room {
    type Door = Here;

    fn door(&self, _: &Extensions) -> Result<Here, ApiError> {
        Ok(Here {
            state: self.state.clone(),
            actor: self.actor.clone(),
            by: context::Door {
                kind: DoorKind::Assistant,
                ..context::Door::default()
            },
        })
    }
}

/// One request: the shared state, and who asks.
#[derive(Clone)]
pub struct Here {
    state: ApiState,
    actor: Actor,
    by: context::Door,
}

impl Door for Here {
    fn call<F>(&self, function: F) -> impl Future<Output = Result<F::Output, ApiError>> + Send
    where
        F: ServerFn<Error = ApiError> + 'static,
    {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.extensions.insert(self.actor.clone());
        parts.extensions.insert(self.by.clone());
        let state = self.state.clone();
        // As for a call over HTTP: the function finds both in the owner that it runs in.
        let owner = Owner::new();
        owner.with(|| {
            provide_context(state);
            provide_context(parts);
            ScopedFuture::new_untracked(async move { function.run_body().await })
        })
    }
}
