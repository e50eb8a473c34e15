//! How one logs in oneself.

use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Described};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoginView {
    /// A password is set.
    pub has_password: bool,
    /// Setting another one takes the old one.
    pub asks_old: bool,
    /// Whether one can be set as things are: in a browser that came by more than a token.
    pub can_set: bool,
}

/// `GET /api/my_login`: how the caller logs in.
#[server(prefix = "/api", endpoint = "my_login", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn my_login() -> Result<LoginView, ApiError> {
    crate::context::Context::here()?.my_login().await
}
