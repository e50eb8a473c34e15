//! The live store: what the page knows without asking. One websocket feeds it; each GPU and each
//! job has a signal of its own, so that a change touches only the cells that show it.

mod gpu;
#[cfg(feature = "hydrate")]
mod socket;

use std::collections::{HashMap, HashSet};

use berth_api::agents::AgentsPulse;
use berth_api::alerts::AlertView;
use berth_api::history::whole_percent;
use berth_api::live::{Delta, Gap, LiveRequest, Picture};
use berth_api::logs::LogText;
use berth_api::views::{ArrayView, Counts, FreeAt, GpuView, JobRow, NodeState, Totals, Whoami};
use berth_domain::node::Capacity;
use berth_domain::{
    Cordon, JobId, NodeName, NodeSource, Right, Role, Timestamp, UserName, Versions,
};
use leptos::prelude::*;

use crate::clock::Clock;
use crate::start::Start;
use crate::texts::gpus as t;
pub use gpu::{GpuCell, Holding};

/// How true the page is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    Live,
    /// Nothing was heard for a while, or the connection is being made.
    #[default]
    Stale,
    /// Several tries failed.
    Offline,
}

impl Link {
    pub fn as_str(self) -> &'static str {
        match self {
            Link::Live => "live",
            Link::Stale => "stale",
            Link::Offline => "offline",
        }
    }
}

/// A node without what its GPUs do at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeShape {
    pub name: NodeName,
    pub source: NodeSource,
    pub present: bool,
    pub state: NodeState,
    /// Why it gets no new job.
    pub cordon: Option<Cordon>,
    /// How many of its GPUs others use outside the queue.
    pub foreign: u32,
    pub address: Option<String>,
    pub versions: Versions,
    /// What could not be read of its hardware.
    pub problems: Vec<String>,
    /// When it was heard of last, once it does not answer.
    pub last_seen: Option<Timestamp>,
    /// `H100 80GB HBM3`, when all are the same.
    pub model: String,
    /// The GPUs' indices.
    pub gpus: Vec<u32>,
}

/// The store. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    pub started: RwSignal<bool>,
    pub link: RwSignal<Link>,
    pub who: RwSignal<Option<Whoami>>,
    pub simulated: RwSignal<bool>,
    pub executor_down: RwSignal<Option<String>>,
    pub totals: RwSignal<Totals>,
    pub counts: RwSignal<Counts>,
    pub free_at: RwSignal<Vec<FreeAt>>,
    pub nodes: RwSignal<Vec<NodeShape>>,
    pub active: RwSignal<Vec<JobId>>,
    pub queue: RwSignal<Vec<JobId>>,
    pub recent: RwSignal<Vec<JobId>>,
    /// The arrays and sweeps to which any of these belongs.
    pub arrays: RwSignal<Vec<ArrayView>>,
    /// What is wrong now, newest first.
    pub alerts: RwSignal<Vec<AlertView>>,
    pub agents: RwSignal<AgentsPulse>,
    /// Rises with each snapshot after the first: what was asked before may have been missed.
    pub resynced: RwSignal<u32>,
    cells: StoredValue<Cells>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Cells {
    picture: Picture,
    gpus: HashMap<(NodeName, u32), GpuCell>,
    rows: HashMap<JobId, RowCell>,
}

#[derive(Debug)]
struct RowCell {
    row: ArcRwSignal<JobRow>,
    /// How many components show it although the picture may not hold it.
    pins: u32,
}

impl Live {
    pub fn new(clock: Clock) -> Self {
        Live {
            started: RwSignal::new(false),
            link: RwSignal::new(Link::Stale),
            who: RwSignal::new(None),
            simulated: RwSignal::new(false),
            executor_down: RwSignal::new(None),
            totals: RwSignal::new(Totals::default()),
            counts: RwSignal::new(Counts::default()),
            free_at: RwSignal::new(vec![]),
            nodes: RwSignal::new(vec![]),
            active: RwSignal::new(vec![]),
            queue: RwSignal::new(vec![]),
            recent: RwSignal::new(vec![]),
            arrays: RwSignal::new(vec![]),
            alerts: RwSignal::new(vec![]),
            agents: RwSignal::new(AgentsPulse::default()),
            resynced: RwSignal::new(0),
            cells: StoredValue::new(Cells::default()),
            clock,
        }
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// Whether the page that it was made for is there no more.
    pub fn is_gone(self) -> bool {
        self.started.is_disposed()
    }

    /// Takes in what the page came with; only the first time.
    pub fn start(self, start: Start) {
        // Whoever asked for the page may be gone at any moment: then there is nothing to start.
        if self.started.try_get_untracked().unwrap_or(true) {
            return;
        }
        self.who.set(Some(start.who));
        self.replace(start.picture);
        self.started.set(true);
    }

    /// Opens the websocket and keeps it open. Does nothing on the server.
    pub fn connect(self) {
        #[cfg(feature = "hydrate")]
        socket::connect(self);
    }

    /// Has each new piece of a log handed to `sink`. One log at a time.
    pub fn follow(self, request: LiveRequest, sink: Callback<LogText>) {
        #[cfg(feature = "hydrate")]
        socket::follow(request, sink);
        #[cfg(not(feature = "hydrate"))]
        let _ = (request, sink);
    }

    /// Ends what [`follow`](Self::follow) began.
    pub fn unfollow(self) {
        #[cfg(feature = "hydrate")]
        socket::unfollow();
    }

    /// A GPU's cell.
    pub fn gpu(self, node: &NodeName, index: u32) -> Option<GpuCell> {
        let key = (node.clone(), index);
        self.read(|cells| cells.gpus.get(&key).cloned())
    }

    /// The cell of a job that the picture holds.
    pub fn row(self, id: JobId) -> Option<ArcRwSignal<JobRow>> {
        self.read(|cells| cells.rows.get(&id).map(|cell| cell.row.clone()))
    }

    /// The cell of any job, kept for as long as the calling component is on the page. `known` is
    /// what the caller read elsewhere; what the picture holds is newer.
    pub fn pin(self, known: JobRow) -> ArcRwSignal<JobRow> {
        let id = known.id;
        let row = self.cells.try_update_value(|cells| {
            let listed = cells.picture.rows.contains_key(&id);
            let cell = cells.rows.entry(id).or_insert_with(|| RowCell {
                row: ArcRwSignal::new(known.clone()),
                pins: 0,
            });
            cell.pins += 1;
            (cell.row.clone(), listed)
        });
        let Some((row, listed)) = row else {
            return ArcRwSignal::new(known);
        };
        if !listed && row.with_untracked(|row| *row != known) {
            row.set(known);
        }
        on_cleanup(move || {
            self.cells.try_update_value(|cells| {
                let listed = cells.picture.rows.contains_key(&id);
                if let Some(cell) = cells.rows.get_mut(&id) {
                    cell.pins = cell.pins.saturating_sub(1);
                    if cell.pins == 0 && !listed {
                        cells.rows.remove(&id);
                    }
                }
            });
        });
        row
    }

    /// Takes in rows that were asked for: what the picture holds is newer.
    pub fn tell(self, rows: &[JobRow]) {
        for row in rows {
            let listed = self.read(|cells| cells.picture.rows.contains_key(&row.id));
            if let Some(cell) = self.row(row.id)
                && !listed
                && cell.with_untracked(|known| known != row)
            {
                cell.set(row.clone());
            }
        }
    }

    /// A store of its own for a time that is over: nothing changes there.
    pub fn of_past(self, picture: Picture) -> Self {
        let past = Live::new(self.clock);
        past.who.set(self.who.get_untracked());
        past.replace(picture);
        past.started.set(true);
        past
    }

    /// How busy each GPU is, in whole percent, by `node-1:0`.
    pub fn busy_now(self) -> Vec<(String, Option<u8>)> {
        let whole = |busy: f32| whole_percent(f64::from(busy));
        self.read(|cells| {
            let gpus = cells.picture.gpus();
            gpus.map(|(node, gpu)| (format!("{node}:{}", gpu.index), gpu.busy_pct.map(whole)))
                .collect()
        })
    }

    /// All rows that the picture holds, newest first.
    pub fn rows(self) -> Vec<JobRow> {
        self.read(|cells| cells.picture.rows.values().rev().cloned().collect())
    }

    /// What the cluster has, for the form's checks. Follows the nodes.
    pub fn capacity(self) -> Capacity {
        self.nodes.with(|nodes| {
            let present = nodes.iter().filter(|node| node.present);
            present.fold(Capacity::default(), |sum, node| Capacity {
                nodes: sum.nodes + 1,
                gpus: sum.gpus + node.gpus.len(),
                largest_node: sum.largest_node.max(node.gpus.len()),
            })
        })
    }

    /// Whether the one who looks may change a job.
    pub fn may_change(self, row: &JobRow) -> bool {
        self.may(Right::ChangeJob, &row.user, row.project.as_deref())
    }

    /// Whether the one who looks may do something to what is this person's, in a project if it is in one.
    pub fn may(self, right: Right, owner: &UserName, project: Option<&str>) -> bool {
        self.who.with(|who| {
            who.as_ref()
                .is_some_and(|who| who.may(right, owner, project))
        })
    }

    /// Whether the one who looks decides among people: whose job goes first.
    pub fn is_lead(self) -> bool {
        self.who
            .with_untracked(|who| who.as_ref().is_some_and(|who| who.role >= Role::Lead))
    }

    /// Whether somebody is whoever looks.
    pub fn is_me(self, name: Option<&UserName>) -> bool {
        self.who.with_untracked(|who| {
            let me = who.as_ref().map(|who| &who.user);
            me.is_some() && me == name
        })
    }

    /// Whether the one who looks may change nodes and others' jobs.
    pub fn is_admin(self) -> bool {
        self.who
            .with_untracked(|who| who.as_ref().is_some_and(|who| who.admin))
    }

    /// How an array stands. What is no longer known here stays as it was.
    pub fn follow_array(self, known: ArrayView) -> Signal<ArrayView> {
        let id = known.array;
        let array = Memo::new(move |before: Option<&ArrayView>| {
            let now = self.array(id);
            now.or_else(|| before.cloned())
                .unwrap_or_else(|| known.clone())
        });
        array.into()
    }

    /// An array that any listed job belongs to. Follows it.
    pub fn array(self, id: JobId) -> Option<ArrayView> {
        self.arrays
            .with(|arrays| arrays.iter().find(|one| one.array == id).cloned())
    }

    /// How many jobs wait that these stand for, each for itself or for its array or sweep.
    pub fn waiting_of(self, firsts: &[JobId]) -> u64 {
        let whole = |id: &JobId| {
            let row = self.row(*id)?;
            let place = row.with_untracked(|row| row.array)?;
            let tasks = self.array(place.array)?.tasks;
            Some(u64::from(tasks.queued + tasks.held))
        };
        firsts.iter().map(|id| whole(id).unwrap_or(1)).sum()
    }

    /// The first so many of these jobs; of each array or sweep only the first task.
    pub fn firsts(self, jobs: RwSignal<Vec<JobId>>, count: usize) -> Vec<JobId> {
        let mut seen = HashSet::new();
        let first = |id: &&JobId| {
            let array = self
                .row(**id)
                .and_then(|row| row.with_untracked(|row| row.array.map(|place| place.array)));
            array.is_none_or(|array| seen.insert(array))
        };
        jobs.with(|jobs| jobs.iter().filter(first).take(count).copied().collect())
    }

    /// Nothing, once the page was left.
    fn read<T: Default>(self, read: impl FnOnce(&Cells) -> T) -> T {
        self.cells.try_with_value(read).unwrap_or_default()
    }

    fn change(self, change: impl FnOnce(&mut Cells)) {
        // Nobody looks any more once the page was left.
        let _ = self.cells.try_update_value(change);
    }

    /// Takes a whole picture.
    fn replace(self, picture: Picture) {
        self.change(|cells| cells.picture = picture);
        self.publish_cluster();
        let (gpus, rows) = self.read(|cells| {
            let gpus = cells.picture.gpus();
            let gpus = gpus.map(|(node, gpu)| (node.clone(), gpu.clone()));
            let rows = cells.picture.rows.values().cloned();
            (gpus.collect::<Vec<_>>(), rows.collect::<Vec<_>>())
        });
        self.publish_gpus(gpus);
        self.publish_rows(rows);
        self.publish_lists();
    }

    /// Takes a change, and touches the cells that it names.
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "only browsers listen")
    )]
    fn apply(self, delta: Delta) -> Result<(), Gap> {
        let shape_changed = delta.cluster.is_some();
        let rows = delta.rows.clone();
        let gpus = self
            .cells
            .try_update_value(|cells| {
                let changed = cells.picture.apply(delta)?;
                let all = cells.picture.gpus().enumerate();
                let changed = all.filter(|(place, _)| changed.contains(place));
                let gpus = changed.map(|(_, (node, gpu))| (node.clone(), gpu.clone()));
                Ok(gpus.collect())
            })
            .unwrap_or_else(|| Ok(vec![]))?;
        if shape_changed {
            self.publish_cluster();
        }
        self.publish_gpus(gpus);
        self.publish_rows(rows);
        self.publish_lists();
        Ok(())
    }

    fn publish_cluster(self) {
        let cluster = self.read(|cells| {
            let cluster = &cells.picture.cluster;
            let nodes = cluster.nodes.iter().map(shape).collect::<Vec<_>>();
            (cluster.simulated, cluster.executor_down.clone(), nodes)
        });
        set(self.simulated, cluster.0);
        set(self.executor_down, cluster.1);
        // Cells first: whoever follows the shape looks them up.
        self.change(|cells| {
            for node in &cells.picture.cluster.nodes {
                for gpu in &node.gpus {
                    let key = (node.name.clone(), gpu.index);
                    cells
                        .gpus
                        .entry(key)
                        .or_insert_with(|| GpuCell::new(gpu.clone()));
                }
            }
        });
        set(self.nodes, cluster.2);
    }

    fn publish_gpus(self, gpus: Vec<(NodeName, GpuView)>) {
        for (node, gpu) in gpus {
            if let Some(cell) = self.gpu(&node, gpu.index) {
                cell.set(gpu);
            }
        }
    }

    fn publish_rows(self, rows: Vec<JobRow>) {
        for row in rows {
            let known = self.row(row.id);
            match known {
                None => self.change(|cells| {
                    let cell = RowCell {
                        row: ArcRwSignal::new(row.clone()),
                        pins: 0,
                    };
                    cells.rows.insert(row.id, cell);
                }),
                Some(known) if known.with_untracked(|known| *known != row) => known.set(row),
                Some(_) => {}
            }
        }
    }

    fn publish_lists(self) {
        let picture = self.read(|cells| {
            let picture = &cells.picture;
            (
                picture.active.clone(),
                picture.queue.clone(),
                picture.recent.clone(),
                picture.counts,
                picture.free_at.clone(),
                picture.cluster.totals,
                picture.arrays.clone(),
                picture.alerts.clone(),
                picture.agents.clone(),
            )
        });
        // Before the lists, whose rows look it up.
        set(self.arrays, picture.6);
        set(self.alerts, picture.7);
        set(self.agents, picture.8);
        set(self.active, picture.0);
        set(self.queue, picture.1);
        set(self.recent, picture.2);
        set(self.counts, picture.3);
        set(self.free_at, picture.4);
        set(self.totals, picture.5);
        self.change(|cells| {
            let rows = &cells.picture.rows;
            cells
                .rows
                .retain(|id, cell| cell.pins > 0 || rows.contains_key(id));
        });
    }
}

/// Sets a signal only when that changes it.
fn set<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.try_with_untracked(|known| *known != value) == Some(true) {
        signal.set(value);
    }
}

fn shape(node: &berth_api::views::NodeView) -> NodeShape {
    let first = node.gpus.first().map(|gpu| gpu.model.as_str());
    let same = node
        .gpus
        .iter()
        .all(|gpu| Some(gpu.model.as_str()) == first);
    let model = first.filter(|_| same).unwrap_or(t::SEVERAL_MODELS);
    NodeShape {
        name: node.name.clone(),
        source: node.source,
        present: node.present,
        state: node.state,
        cordon: node.cordon.clone(),
        foreign: node.foreign,
        address: node.address.clone(),
        versions: node.versions.clone(),
        problems: node.problems.clone(),
        last_seen: node.last_seen,
        model: model.trim_start_matches("NVIDIA ").to_owned(),
        gpus: node.gpus.iter().map(|gpu| gpu.index).collect(),
    }
}
