//! What arguments of server functions are derived from besides serde's.
//!
//! In the server each has a schema, of which [`openapi`](crate::openapi) is made. Elsewhere nobody asks
//! for one, and the derive of the same name gives something that costs nothing there.

#[cfg(not(feature = "schema"))]
pub use std::cmp::PartialEq as Described;

#[cfg(feature = "schema")]
pub use schemars::JsonSchema as Described;
