//! Projects, as they are set up and shown.

use std::collections::BTreeMap;

use berth_domain::{Command, Project, Right, Thing, UserName};

use super::{Context, command_error, store_error};
use crate::projects::{MemberArg, ProjectArg, ProjectNameArg, ProjectView, ProjectsAnswer};
use crate::{ApiError, ErrorCode};

impl Context {
    pub(crate) async fn projects(&self) -> ProjectsAnswer {
        let view = self.state.handle.current().await;
        let mut all: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        all.extend(view.projects.0.keys().map(|name| (name.as_str(), (0, 0))));
        for job in &view.active {
            if let Some(name) = job.spec.project.as_deref() {
                let (jobs, gpus) = all.entry(name).or_default();
                *jobs += 1;
                *gpus += job.spec.gpus();
            }
        }
        let project = |(name, (jobs, gpus)): (&str, (u32, u32))| {
            let known = view.projects.0.get(name).cloned();
            let thing = Thing::CLUSTER.within(Some(name));
            ProjectView {
                name: name.to_owned(),
                set_up: known.is_some(),
                may_change: known.is_some() && self.may(&view, Right::ChangeProject, thing),
                jobs,
                gpus,
                about: known
                    .as_ref()
                    .map_or_else(String::new, |one| one.about.clone()),
                closed: known.as_ref().is_some_and(|one| one.closed),
                members: known.map(|one| one.members).unwrap_or_default(),
            }
        };
        ProjectsAnswer {
            projects: all.into_iter().map(project).collect(),
        }
    }

    /// # Errors
    /// When the caller may not, or it cannot be so.
    pub async fn set_project(&self, arg: ProjectArg) -> Result<ProjectsAnswer, ApiError> {
        let name = arg.name.trim().to_owned();
        let view = self.state.handle.current().await;
        let mut to: Project = view.projects.0.get(&name).cloned().unwrap_or_default();
        to.about = arg.about.unwrap_or(to.about);
        to.closed = arg.closed.unwrap_or(to.closed);
        self.change(Command::SetProject(name, Some(to))).await
    }

    /// # Errors
    /// When the caller may not.
    pub async fn remove_project(&self, arg: ProjectNameArg) -> Result<ProjectsAnswer, ApiError> {
        let name = arg.name.trim().to_owned();
        self.change(Command::SetProject(name, None)).await
    }

    /// # Errors
    /// When the caller may not, or there is no such person or project.
    pub async fn set_member(&self, arg: MemberArg) -> Result<ProjectsAnswer, ApiError> {
        let user = UserName(arg.user.trim().to_owned());
        // Who left may be taken out.
        let known = self.state.store.user(&user).await.map_err(store_error)?;
        if known.is_none() && arg.role.is_some() {
            let why = "There is no user of that name. An admin can add them.";
            let mut error = ApiError::new(ErrorCode::NotFound, why);
            error.error.field = Some("user".to_owned());
            return Err(error);
        }
        let member = Command::SetMember {
            project: arg.project.trim().to_owned(),
            user,
            role: arg.role,
        };
        self.change(member).await
    }

    async fn change(&self, command: Command) -> Result<ProjectsAnswer, ApiError> {
        let sent = self.send(command).await;
        sent.map_err(command_error)?;
        Ok(self.projects().await)
    }
}
