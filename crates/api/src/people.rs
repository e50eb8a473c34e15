//! Who may log in: the list, adding somebody, and links that let in once.

use berth_domain::{Role, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeopleAnswer {
    /// By name.
    pub people: Vec<PersonView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PersonView {
    pub name: UserName,
    pub role: Role,
    /// When they were added.
    pub since: Timestamp,
    /// Their last login or job, as far as is known.
    pub last_seen: Option<Timestamp>,
    /// Jobs that hold GPUs or run without any.
    pub running: u32,
    /// Jobs that are held or queued.
    pub waiting: u32,
    /// GPUs that they hold now.
    pub gpus: u32,
}

/// Who can be asked for what only admins may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdminsAnswer {
    pub admins: Vec<UserName>,
}

/// Somebody to add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddPersonArg {
    /// 1 to 64 of a-z, 0-9, `.`, `_` and `-`.
    pub name: String,
    /// Default: member.
    #[serde(default)]
    pub role: Role,
}

/// Who becomes what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetRoleArg {
    pub name: String,
    pub role: Role,
}

/// Somebody to let in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginLinkArg {
    pub name: String,
}

/// A link that logs one browser in, once. It is not shown again: only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkAnswer {
    pub name: UserName,
    pub link: String,
    /// How long it can be used.
    pub until: Timestamp,
}

/// `GET /api/list_people`: admins only.
#[server(prefix = "/api", endpoint = "list_people", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn list_people() -> Result<PeopleAnswer, ApiError> {
    crate::context::Context::here()?.people().await
}

/// `GET /api/list_admins`: for everybody.
#[server(prefix = "/api", endpoint = "list_admins", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn list_admins() -> Result<AdminsAnswer, ApiError> {
    crate::context::Context::here()?.admins().await
}

/// `POST /api/add_person`: admins only.
#[server(prefix = "/api", endpoint = "add_person", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn add_person(body: AddPersonArg) -> Result<LinkAnswer, ApiError> {
    crate::context::Context::here()?.add_person(body).await
}

/// `POST /api/set_role`: admins only. The only admin stays one.
#[server(prefix = "/api", endpoint = "set_role", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn set_role(body: SetRoleArg) -> Result<PeopleAnswer, ApiError> {
    crate::context::Context::here()?.set_role(body).await
}

/// `POST /api/login_link`: for somebody who was added before. Admins only.
#[server(prefix = "/api", endpoint = "login_link", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn login_link(body: LoginLinkArg) -> Result<LinkAnswer, ApiError> {
    crate::context::Context::here()?.login_link(body).await
}
