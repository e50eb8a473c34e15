//! Projects: who is in them, and as what.

use std::collections::BTreeMap;

use berth_domain::{Role, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectsAnswer {
    /// Those that were set up and those that running jobs name, by name.
    pub projects: Vec<ProjectView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectView {
    pub name: String,
    /// It was set up; else it is but a word on jobs, which everybody may use.
    pub set_up: bool,
    pub about: String,
    /// Only its members run jobs in it.
    pub closed: bool,
    pub members: BTreeMap<UserName, Role>,
    /// Jobs that run.
    pub jobs: u32,
    /// GPUs that they hold now.
    pub gpus: u32,
    /// Whoever asks may change it.
    pub may_change: bool,
}

/// A project to set up or change; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProjectArg {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProjectNameArg {
    pub name: String,
}

/// Who is what in a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberArg {
    pub project: String,
    pub user: String,
    /// `null`: no member any more.
    pub role: Option<Role>,
}

/// `GET /api/list_projects`: the projects, with their members.
#[server(prefix = "/api", endpoint = "list_projects", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn list_projects() -> Result<ProjectsAnswer, ApiError> {
    Ok(crate::context::Context::here()?.projects().await)
}

/// `POST /api/set_project`: admins make one, its leads change it.
#[server(prefix = "/api", endpoint = "set_project", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn set_project(body: ProjectArg) -> Result<ProjectsAnswer, ApiError> {
    crate::context::Context::here()?.set_project(body).await
}

/// `POST /api/remove_project`: it is but a word on jobs again. Admins only.
#[server(prefix = "/api", endpoint = "remove_project", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn remove_project(body: ProjectNameArg) -> Result<ProjectsAnswer, ApiError> {
    crate::context::Context::here()?.remove_project(body).await
}

/// `POST /api/set_member`: its leads, and admins.
#[server(prefix = "/api", endpoint = "set_member", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn set_member(body: MemberArg) -> Result<ProjectsAnswer, ApiError> {
    crate::context::Context::here()?.set_member(body).await
}
