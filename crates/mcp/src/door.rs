//! How an agent's tools reach Berth.

use berth_api::{ApiError, Berth};
use rmcp::ErrorData;
use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::Extensions;
use server_fn::ServerFn;

use crate::Agent;

/// Calls server functions for somebody.
pub trait Door: Send + Sync + 'static {
    /// Calls one, for example `door.call(GetJob { id })`.
    ///
    /// # Errors
    /// The refusal, as everybody gets it.
    fn call<F>(&self, function: F) -> impl Future<Output = Result<F::Output, ApiError>> + Send
    where
        F: ServerFn<Error = ApiError> + 'static;
}

/// Where requests come in. Each has a door of its own, for whoever sends it: in a session they need
/// not all be from the same person.
pub trait House: Clone + Send + Sync + 'static {
    type Door: Door;

    /// The door for a request with these extensions.
    ///
    /// # Errors
    /// When nobody knows whose it is.
    fn door(&self, asked: &Extensions) -> Result<Self::Door, ApiError>;
}

/// Over HTTP, with the token that it was made with.
impl Door for Berth {
    fn call<F>(&self, function: F) -> impl Future<Output = Result<F::Output, ApiError>> + Send
    where
        F: ServerFn<Error = ApiError> + 'static,
    {
        Berth::call(self, function)
    }
}

/// Whoever started `berth mcp` is who asks.
impl House for Berth {
    type Door = Berth;

    fn door(&self, _: &Extensions) -> Result<Berth, ApiError> {
        Ok(self.clone())
    }
}

/// A tool's argument: the door for the call that is under way.
pub(crate) struct Through<H: House>(pub H::Door);

impl<H: House> FromContextPart<ToolCallContext<'_, Agent<H>>> for Through<H> {
    fn from_context_part(context: &mut ToolCallContext<'_, Agent<H>>) -> Result<Self, ErrorData> {
        let door = context.service.door(&context.request_context.extensions);
        Ok(Through(door?))
    }
}
