//! What the job functions do.

use berth_domain::submit::asks;
use berth_domain::{
    Array, Command, Constraint, ConstraintsPatch, Dependency, Job, JobId, JobPatch, Notice,
    PriorityClass, Refusal, Right, Seq, StateName, SubmitRequest, Thing, UserName, walltime,
};
use berth_orchestrator::Done;
use berth_store::{JobFilter, Page};

use super::{Context, command_error, store_error};
use crate::convert;
use crate::jobs::{
    ArrayAnswer, ArrayArg, EventList, JobAnswer, JobDetailAnswer, JobList, UpdateArg,
};
use crate::terminals::Terminals;
use crate::views::ArrayView;
use crate::{ApiError, ErrorCode};

const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 500;
const EVENTS_PAGE: u32 = 500;

/// The arguments of `list_jobs`, as they came.
#[derive(Clone, Debug, Default)]
pub struct ListArgs {
    pub user: Option<String>,
    pub state: Option<String>,
    pub outcome: Option<String>,
    pub project: Option<String>,
    pub text: Option<String>,
    pub array: Option<JobId>,
    pub grouped: Option<bool>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

impl Context {
    /// Submits a job, or all tasks of an array.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn submit(&self, request: SubmitRequest) -> Result<JobAnswer, ApiError> {
        if let (true, Terminals::Nowhere { why }) = (request.interactive, &self.state.terminals) {
            return Err(ApiError::invalid("interactive", why.as_ref()));
        }
        self.package_is_here(request.package.as_deref())?;
        let from = self.state.clock.now();
        let answer = self.command(Command::Submit(Box::new(request))).await?;
        let took = self.state.clock.now().duration_since(from);
        self.state.submits.add(took.as_secs_f64() * 1000.0);
        Ok(answer)
    }

    /// Sends a command for the one who asks.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn command(&self, command: Command) -> Result<JobAnswer, ApiError> {
        let done = self.send(command).await;
        let Done { jobs, repeated, .. } = done.map_err(command_error)?;
        let first = match (jobs.first(), repeated) {
            (Some(job), _) => job.clone(),
            (None, Some(id)) => self.job(id).await?,
            (None, None) => return Err(ApiError::new(ErrorCode::Internal, "No job was named.")),
        };
        let tasks: Vec<JobId> = jobs
            .iter()
            .map(|job| job.id)
            .filter(|_| jobs.len() > 1)
            .collect();
        let row = convert::row(&first, &self.view());
        Ok(JobAnswer {
            job: row,
            tasks,
            repeated: repeated.is_some(),
        })
    }

    /// How the arrays of these jobs stand.
    async fn arrays(&self, jobs: &[Job]) -> Result<Vec<ArrayView>, ApiError> {
        let mut ids: Vec<JobId> = jobs
            .iter()
            .filter_map(|job| Some(job.spec.array?.array))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let found = self.state.store.arrays(&ids).await.map_err(store_error)?;
        let view = |(id, array): &(JobId, Array)| convert::array(*id, array);
        Ok(found.iter().map(view).collect())
    }

    /// Changes all tasks of an array to which that can be done.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn change_array(&self, arg: ArrayArg) -> Result<ArrayAnswer, ApiError> {
        let command = Command::Array(arg.id, arg.change);
        let done = self.send(command).await;
        let jobs = done.map_err(command_error)?.jobs;
        let array = self.arrays(&jobs).await?.pop();
        let array = array.ok_or(ApiError::new(ErrorCode::Internal, "No array was named."))?;
        Ok(ArrayAnswer {
            array,
            tasks: jobs.iter().map(|job| job.id).collect(),
        })
    }

    /// Changes a job.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn update(&self, arg: UpdateArg) -> Result<JobAnswer, ApiError> {
        let id = arg.id;
        let patch = patch(arg)?;
        self.command(Command::Update(id, Box::new(patch))).await
    }

    pub(crate) async fn list_jobs(&self, args: ListArgs) -> Result<JobList, ApiError> {
        let me = self.whoami().user;
        let owner = args.user.filter(|user| !user.is_empty() && user != "all");
        let filter = JobFilter {
            owner: owner.map(|user| if user == "me" { me } else { UserName(user) }),
            states: states(args.state.as_deref())?,
            outcome: args.outcome.filter(|outcome| !outcome.is_empty()),
            text: args.text.filter(|text| !text.trim().is_empty()),
            project: args.project.filter(|project| !project.is_empty()),
            array: args.array,
            grouped: args.grouped.unwrap_or(false),
        };
        let limit = args.limit.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE);
        let page = Page {
            limit,
            cursor: args.cursor.filter(|cursor| !cursor.is_empty()),
        };
        let found = self
            .state
            .store
            .jobs(&filter, &page)
            .await
            .map_err(|error| match error {
                berth_store::StoreError::BadCursor => ApiError::invalid(
                    "cursor",
                    "The cursor is not one that a list gave as `next`.",
                ),
                other => store_error(other),
            })?;
        let view = self.state.handle.current().await;
        let rows = found
            .jobs
            .iter()
            .map(|job| convert::row(job, &view))
            .collect();
        let arrays = if filter.grouped || filter.array.is_some() {
            self.arrays(&found.jobs).await?
        } else {
            vec![]
        };
        Ok(JobList {
            jobs: rows,
            arrays,
            next: found.next,
        })
    }

    pub(crate) async fn get_job(&self, id: JobId) -> Result<JobDetailAnswer, ApiError> {
        let job = self.job(id).await?;
        let files = berth_executors::layout::files_dir(&self.state.data_dir, id);
        let view = self.state.handle.current().await;
        let files = files.display().to_string();
        let mut detail = convert::detail(&job, &view, &self.state.terminals, files);
        let (usage, by_attempt) = self.uses_of(&job).await?;
        detail.usage = usage;
        for attempt in &mut detail.attempts {
            attempt.usage = by_attempt.get(&attempt.number).cloned();
        }
        if !self.may_see_secrets(&job) {
            for value in detail
                .env
                .values_mut()
                .chain(detail.request.env.values_mut())
            {
                "(hidden)".clone_into(value);
            }
        }
        Ok(JobDetailAnswer { job: detail })
    }

    /// Environment values may hold secrets: they are for the owner and admins.
    pub(super) fn may_see_secrets(&self, job: &Job) -> bool {
        self.may(&self.view(), Right::SeeSecrets, Thing::job(job))
    }

    pub(crate) async fn job_events(
        &self,
        id: JobId,
        after: Option<u64>,
    ) -> Result<EventList, ApiError> {
        self.job(id).await?;
        let after = Seq(after.unwrap_or(0));
        let found = self.state.store.job_events(id, after, EVENTS_PAGE).await;
        let records = found.map_err(store_error)?;
        let full = records.len() == EVENTS_PAGE as usize;
        let next = records.last().map(|record| record.seq.0).filter(|_| full);
        Ok(EventList {
            events: records.iter().map(convert::event).collect(),
            next,
        })
    }
}

fn states(text: Option<&str>) -> Result<Vec<StateName>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty() && *text != "all") else {
        return Ok(vec![]);
    };
    if text == "live" {
        return Ok(StateName::ALL
            .into_iter()
            .filter(|s| *s != StateName::Finished)
            .collect());
    }
    let parse = |name: &str| {
        name.trim()
            .parse()
            .map_err(|why| ApiError::invalid("state", format!("{why}.")))
    };
    text.split(',').map(parse).collect()
}

fn patch(arg: UpdateArg) -> Result<JobPatch, ApiError> {
    let invalid = |field: &str| {
        let field = field.to_owned();
        move |why: String| ApiError::invalid(&field, format!("{why}."))
    };
    let number = |field: &str, value: Option<i64>| {
        let narrow = |value: i64| {
            u32::try_from(value).map_err(|_| {
                ApiError::invalid(field, format!("{value} is not possible for {field}."))
            })
        };
        value.map(narrow).transpose()
    };
    let limit = arg.time_limit.as_deref().map(walltime::parse).transpose();
    let class = arg
        .class
        .as_deref()
        .map(str::parse::<PriorityClass>)
        .transpose();
    let after = arg.after.map(|after| {
        after
            .iter()
            .map(|text| text.parse::<Dependency>())
            .collect::<Result<Vec<_>, _>>()
    });
    let notice = arg.signal.as_deref().map(str::parse::<Notice>).transpose();
    let begin = unless_empty(arg.begin.as_deref(), |text| asks::time("begin", text))?;
    let deadline = unless_empty(arg.deadline.as_deref(), asks::deadline)?;
    let nodes =
        |list, names: Option<Vec<String>>| names.map(|names| asks::nodes(list, &names)).transpose();
    let constraints = ConstraintsPatch {
        gpu_models: arg.gpu_model.as_deref().map(asks::gpu_models).transpose()?,
        min_gpu_mem_bytes: unless_empty(arg.gpu_mem.as_deref(), asks::gpu_mem)?,
        nodes: nodes(Constraint::Nodelist, arg.nodelist)?,
        exclude: nodes(Constraint::Exclude, arg.exclude)?,
        nvlink: arg.nvlink,
    };
    Ok(JobPatch {
        name: arg.name,
        time_limit: limit.map_err(|why| invalid("time_limit")(why.to_string()))?,
        class: class.map_err(invalid("class"))?,
        max_retries: number("max_retries", arg.max_retries)?,
        preemptible: arg.preemptible,
        nodes: number("nodes", arg.nodes)?,
        gpus: number("gpus", arg.gpus)?,
        dependencies: after.transpose().map_err(invalid("after"))?,
        begin,
        deadline,
        notice: notice.map_err(invalid("signal"))?,
        per_gpu: arg.per_gpu,
        at_once: None,
        constraints,
    })
}

/// A value to set, or to remove where the text is empty.
fn unless_empty<T>(
    text: Option<&str>,
    read: impl Fn(&str) -> Result<T, Refusal>,
) -> Result<Option<Option<T>>, Refusal> {
    match text {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(text) => read(text).map(|value| Some(Some(value))),
    }
}
