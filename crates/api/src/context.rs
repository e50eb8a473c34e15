//! What a server function runs in: who asks, and what there is to ask.

mod agents;
pub(crate) mod alerts;
mod analytics;
mod audit;
mod campaigns;
mod charts;
mod cordon;
mod door;
mod files;
mod history;
mod imports;
mod jobs;
mod logins;
mod logs;
mod node_tokens;
mod notifications;
mod packages;
mod past;
mod people;
mod planner;
mod projects;
mod queue;
mod quotas;
mod reservations;
mod talks;
mod timeline;
mod tokens;
mod usage;
mod waits;

use std::path::PathBuf;
use std::sync::Arc;

use berth_detect::Detector;
use berth_domain::{Actor, ClusterKind, Job, Of, Refusal, Right, Role, Thing, Timestamp};
use berth_notify::Teller;
use berth_orchestrator::{Clock, CommandError, Handle, View};
use berth_store::{Store, StoreError};
use tokio::sync::watch;

pub use agents::LedgerArgs;
pub use analytics::SubmitTimes;
pub use door::{Door, DoorKind, Entered, Entry};
pub use files::RawFile;
pub use jobs::ListArgs;
pub use logs::RawLog;
pub use past::Past;
pub use people::new_link;

use crate::analytics::Prices;
use crate::cluster::{ClusterAnswer, Detected};
use crate::convert;
use crate::feed::Feed;
use crate::live::Picture;
use crate::terminals::Terminals;
use crate::views::Whoami;
use crate::{ApiError, ErrorCode};

/// What all calls share. The server provides it as a leptos context. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiState {
    pub handle: Handle,
    pub store: Store,
    pub feed: Feed,
    pub clock: Clock,
    /// Where run folders are.
    pub data_dir: Arc<PathBuf>,
    pub terminals: Terminals,
    /// Who tells people what happened.
    pub teller: Arc<Teller>,
    pub ground: Arc<Ground>,
    pub prices: Arc<Prices>,
    pub submits: Arc<SubmitTimes>,
    /// The language model that is asked first, by its name; `None`: there is none.
    pub model: Option<Arc<str>>,
    /// Why campaigns have no next trial at the moment.
    pub campaigns: berth_agent::campaign::Waits,
}

impl ApiState {
    /// The cluster with everything that was done before the call.
    pub async fn picture(&self) -> Arc<Picture> {
        let seq = self.handle.current().await.seq;
        self.feed.picture_of(seq).await
    }
}

/// What the server stands on.
#[derive(Debug)]
pub struct Ground {
    pub detector: Detector,
    pub kind: ClusterKind,
    /// For people: `2 nodes and 16 GPUs of …, because …`
    pub sentence: String,
    /// When the nodes were heard of last; `None` where they are the server's own host.
    pub heard: Option<watch::Receiver<Timestamp>>,
}

/// One call: the shared state, and who asks.
#[derive(Clone, Debug)]
pub struct Context {
    pub state: ApiState,
    pub actor: Actor,
    pub door: Door,
    /// What a page that is being made shows of the cluster.
    picture: Option<Arc<Picture>>,
}

impl Context {
    #[must_use]
    pub fn new(state: ApiState, actor: Actor, door: Door) -> Self {
        Context {
            state,
            actor,
            door,
            picture: None,
        }
    }

    /// The call under way. The server put the actor there when it checked session or token.
    ///
    /// # Errors
    /// When nobody is logged in.
    pub fn here() -> Result<Self, ApiError> {
        let state = leptos::context::use_context::<ApiState>()
            .ok_or_else(|| ApiError::new(ErrorCode::Unavailable, "The server is starting."))?;
        let parts = leptos::context::use_context::<http::request::Parts>();
        let extensions = parts.map(|parts| parts.extensions).unwrap_or_default();
        let actor = extensions.get::<Actor>().cloned();
        Ok(Context {
            state,
            actor: actor.ok_or_else(unauthenticated)?,
            door: extensions.get::<Door>().cloned().unwrap_or_default(),
            picture: extensions.get::<Arc<Picture>>().cloned(),
        })
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.state.handle.view()
    }

    pub(crate) async fn cluster(&self) -> ClusterAnswer {
        let view = self.state.handle.current().await;
        let handle = &self.state.handle;
        let mut cluster = convert::cluster(&view, &handle.samples(), &handle.heard());
        let heard = self.state.ground.heard.as_ref();
        let heard = heard.map_or_else(|| self.state.clock.now(), |heard| *heard.borrow());
        for node in cluster.nodes.iter_mut().filter(|node| node.present) {
            node.last_seen = Some(heard);
        }
        ClusterAnswer {
            cluster,
            counts: convert::counts(&view),
            free_at: convert::free_at(&view),
        }
    }

    pub(crate) async fn detect(&self, fresh: bool) -> Detected {
        let ground = &self.state.ground;
        let detection = if fresh {
            ground.detector.look().await.1
        } else {
            ground.detector.last().await
        };
        Detected {
            kind: detection.kind,
            confidence: detection.confidence,
            sentence: detection.sentence,
            signals: detection.signals,
            absent: detection.absent,
            in_use: ground.kind,
            in_use_text: ground.sentence.clone(),
        }
    }

    /// With everything that was done before the call.
    pub(crate) async fn picture(&self) -> Picture {
        let picture = match &self.picture {
            Some(picture) => picture.clone(),
            None => self.state.picture().await,
        };
        Arc::unwrap_or_clone(picture)
    }

    pub(crate) fn whoami(&self) -> Whoami {
        let user = self.actor.person();
        let projects = self.view().projects.of(&user);
        let role = self.role();
        Whoami {
            admin: role == Role::Admin,
            role,
            projects,
            user,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// What whoever asks is, outside of projects.
    #[must_use]
    pub fn role(&self) -> Role {
        match &self.actor {
            Actor::User { role, .. } => *role,
            Actor::Agent { role, .. } => (*role).min(Role::Member),
            Actor::Berth => Role::Admin,
        }
    }

    pub(crate) fn may(&self, view: &View, right: Right, thing: Thing<'_>) -> bool {
        view.projects.may(&self.actor, right, thing)
    }

    /// For what is no command, whose actor the control loop looks at.
    pub(crate) fn need(&self, right: Right, what: &str) -> Result<(), ApiError> {
        if self.may(&self.view(), right, Thing::CLUSTER) {
            return Ok(());
        }
        let who = right.least(Of::Cluster).map_or("nobody", Role::or_above);
        let why = format!("Only {who} can {what}. The page Admin says who they are.");
        Err(ApiError::new(ErrorCode::Forbidden, why))
    }

    /// For what only serves to run something.
    ///
    /// # Errors
    /// When whoever asks runs nothing.
    pub fn may_run(&self) -> Result<(), ApiError> {
        let own = self.actor.person();
        match self.may(&self.view(), Right::Submit, Thing::of(&own)) {
            true => Ok(()),
            false => Err(Refusal::OnlyLooks.into()),
        }
    }

    /// A job that exists.
    pub(crate) async fn job(&self, id: berth_domain::JobId) -> Result<Job, ApiError> {
        let found = self.state.store.job(id).await.map_err(store_error)?;
        found.ok_or_else(|| berth_domain::Refusal::NoSuchJob { job: id }.into())
    }
}

/// What is answered to whom nobody knows.
#[must_use]
pub fn unauthenticated() -> ApiError {
    ApiError::new(
        ErrorCode::Unauthenticated,
        "Log in first: open the link that `berth-server login-link` prints, or send a token as \
         `Authorization: Bearer …`.",
    )
}

/// What is answered when the database fails.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub fn store_error(error: StoreError) -> ApiError {
    // The details are for the log, not for whoever asks.
    tracing::error!(%error, "the store failed");
    ApiError::new(
        ErrorCode::Internal,
        "The database cannot be read at the moment. Try again.",
    )
}

/// What is answered when a command was not carried out.
#[must_use]
pub fn command_error(error: CommandError) -> ApiError {
    match error {
        CommandError::Refused(refusal) => refusal.into(),
        CommandError::NotWritten(_) => ApiError::new(
            ErrorCode::Unavailable,
            "It could not be written to disk, so nothing was changed. Is the disk full?",
        ),
        CommandError::Stopped => ApiError::new(
            ErrorCode::Unavailable,
            "The server is stopping. Try again in a moment.",
        ),
    }
}
