//! The keeper: takes samples and who holds what, and says what is to be written.

use std::collections::{BTreeMap, HashMap};

use berth_domain::{
    AttemptId, Event, GpuSample, GpuUuid, Lease, NodeName, Record, Timestamp, UserName,
};

use super::blob::{self, BadBlob};
use super::block::{BLOCK_S, Block, Entry, block_of, second_of};
use super::bucket::Row;
use super::exact::{Use, UseKey};
use super::held::{Held, Holders};
use super::metric::{LONGEST_HOLD_S, Metric, Values, longest_hold_s, values};
use super::series::{NONE, Names, Series, SeriesId};
use super::tier::Tier;
use crate::batch::Batch;

/// For so long a block stays open after its end, or after something was added: longer than a sample
/// stands for.
const QUIET_S: i64 = 30;
/// What is older is not taken any more: its seconds are about to be removed.
const OLDEST_S: i64 = 3600 - BLOCK_S;
/// A node's clock may be ahead by so much.
const AHEAD_S: i64 = 60;
/// Who held what is known for longer than samples are taken.
const HELD_S: i64 = 2 * 3600;

/// The last sample of a GPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub(crate) at_us: i64,
    pub(crate) hold_s: i64,
    pub(crate) values: Values,
}

#[derive(Debug)]
struct Gpu {
    series: SeriesId,
    node: SeriesId,
    last: Option<Mark>,
    holders: Holders,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    pub kept: usize,
    /// Not newer than what is kept: sent again.
    pub known: usize,
    /// More than an hour old, or from a clock that is ahead.
    pub refused: usize,
}

/// What is to be written, in one transaction, before anybody is told that it is kept.
#[derive(Clone, Debug, Default)]
pub struct Flush {
    pub names: Vec<(SeriesId, Series)>,
    /// By block, what was added to it.
    pub entries: Vec<(i64, Vec<u8>)>,
    /// The last sample of each GPU; `None`: as before.
    pub marks: Option<Vec<u8>>,
    /// To be added to what is on disk of them.
    pub uses: Vec<(UseKey, Use)>,
}

impl Flush {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
            && self.entries.is_empty()
            && self.marks.is_none()
            && self.uses.is_empty()
    }
}

/// A block, to be written in place of its entries and of what is on disk of it.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// Series, tier, start and blob.
    pub blobs: Vec<(SeriesId, Tier, i64, Vec<u8>)>,
}

/// What is on disk when a keeper starts.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub names: Vec<(SeriesId, Series)>,
    pub marks: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
pub struct Keeper {
    names: Names,
    /// Their places in `all`.
    by_uuid: HashMap<GpuUuid, usize>,
    all: Vec<Gpu>,
    /// Owner and project of each job that may get a lease.
    owners: HashMap<berth_domain::JobId, (UserName, Option<String>)>,
    blocks: BTreeMap<i64, Block>,
    entries: Vec<Entry>,
    uses: HashMap<UseKey, Use>,
    /// Marks are not as they are on disk.
    marked: bool,
}

impl Keeper {
    /// # Errors
    /// When what is on disk cannot be read.
    pub fn restore(stored: Stored) -> Result<Self, BadBlob> {
        let names = Names::restore(stored.names);
        let mut keeper = Keeper::default();
        let marks = stored.marks.as_deref().map_or(Ok(vec![]), blob::marks)?;
        let marks: HashMap<SeriesId, Mark> = marks.into_iter().collect();
        for (uuid, series) in names.gpus() {
            keeper.by_uuid.insert(uuid.clone(), keeper.all.len());
            keeper.all.push(Gpu {
                series,
                node: NONE,
                last: marks.get(&series).copied(),
                holders: Holders::default(),
            });
        }
        keeper.names = names;
        Ok(keeper)
    }

    /// The number of a series, if it has one.
    #[must_use]
    pub fn find(&self, series: &Series) -> Option<SeriesId> {
        self.names.find(series)
    }

    fn gpu(&mut self, uuid: &GpuUuid) -> &mut Gpu {
        let place = match self.by_uuid.get(uuid) {
            Some(place) => *place,
            None => {
                let series = self.names.intern(Series::Gpu(uuid.clone()));
                self.all.push(Gpu {
                    series,
                    node: NONE,
                    last: None,
                    holders: Holders::default(),
                });
                self.by_uuid.insert(uuid.clone(), self.all.len() - 1);
                self.all.len() - 1
            }
        };
        &mut self.all[place]
    }

    /// A GPU is on this node.
    pub fn place(&mut self, gpu: &GpuUuid, node: &NodeName) {
        let node = self.names.intern(Series::Node(node.clone()));
        self.gpu(gpu).node = node;
    }

    /// Who may get a lease, and in whose name.
    pub fn know(&mut self, job: &berth_domain::Job) {
        let owner = (job.owner.clone(), job.spec.project.clone());
        self.owners.insert(job.id, owner);
        let past = job.past.iter().map(|past| {
            let ended = past.ended_at.as_microsecond();
            (past.number, &past.lease, past.granted_at, ended)
        });
        let live = job
            .attempt()
            .map(|live| (live.number, &live.lease, live.granted_at, i64::MAX));
        for (number, lease, from, until) in past.chain(live) {
            let attempt = AttemptId {
                job: job.id,
                number,
            };
            self.grant(attempt, lease, from.as_microsecond(), until);
        }
        if job.is_finished() {
            self.owners.remove(&job.id);
        }
    }

    /// Whether a job's owner is known; [`Keeper::know`] makes it so.
    #[must_use]
    pub fn knows(&self, job: berth_domain::JobId) -> bool {
        self.owners.contains_key(&job)
    }

    /// Takes what happened: who has a lease, and where GPUs are.
    pub fn read(&mut self, record: &Record) {
        match &record.event {
            Event::JobSubmitted {
                job, owner, spec, ..
            } => {
                let owner = (owner.clone(), spec.project.clone());
                self.owners.insert(*job, owner);
            }
            Event::JobUpdated { job, spec } => {
                if let Some((_, project)) = self.owners.get_mut(job) {
                    project.clone_from(&spec.project);
                }
            }
            Event::AttemptStarting { attempt, lease } => {
                self.grant(*attempt, lease, record.at.as_microsecond(), i64::MAX);
            }
            Event::AttemptExited { attempt, then, .. } => {
                for gpu in &mut self.all {
                    gpu.holders.end(*attempt, record.at.as_microsecond());
                }
                if matches!(then, berth_domain::event::Then::Finished { .. }) {
                    self.owners.remove(&attempt.job);
                }
            }
            Event::JobFinished { job, .. } => {
                self.owners.remove(job);
            }
            Event::NodeSeen { node } => {
                for gpu in &node.gpus {
                    self.place(&gpu.uuid, &node.name);
                }
            }
            _ => {}
        }
    }

    fn grant(&mut self, attempt: AttemptId, lease: &Lease, from: i64, until: i64) {
        let (user, project) = match self.owners.get(&attempt.job) {
            Some((user, project)) => (
                self.names.intern(Series::User(user.clone())),
                project.clone(),
            ),
            None => (NONE, None),
        };
        let project = project.map_or(NONE, |name| self.names.intern(Series::Project(name)));
        let job = self.names.intern(Series::Job(attempt.job));
        let held = Held {
            from,
            until,
            attempt,
            groups: [job, user, project],
        };
        for (node, gpu) in lease.gpus() {
            self.place(&gpu.uuid, node);
            self.gpu(&gpu.uuid).holders.grant(held);
        }
    }

    /// The blocks that samples of this time may add to and that are not open: open them with
    /// [`Keeper::open`] first.
    #[must_use]
    pub fn needs(&self, at: Timestamp) -> Vec<i64> {
        let second = second_of(at);
        let mut blocks = vec![block_of(second - LONGEST_HOLD_S), block_of(second)];
        blocks.dedup();
        blocks.retain(|start| !self.blocks.contains_key(start));
        blocks
    }

    /// Opens a block: `on_disk` are its blobs of [`Tier::Second`], `entries` what is on disk beside
    /// them, in the order written.
    ///
    /// # Errors
    /// When what is on disk cannot be read.
    pub fn open(
        &mut self,
        start: i64,
        on_disk: &[(SeriesId, Vec<u8>)],
        entries: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<(), BadBlob> {
        let seconds = |(id, bytes): &(SeriesId, Vec<u8>)| Ok((*id, blob::seconds(bytes)?));
        let on_disk = on_disk.iter().map(seconds).collect::<Result<_, _>>()?;
        let mut block = Block::new(start, on_disk);
        for bytes in entries {
            for entry in blob::entries(bytes, start)? {
                block.add(&entry, second_of(now));
            }
        }
        self.blocks.insert(start, block);
        Ok(())
    }

    /// Takes a batch whose blocks are open. Each GPU's samples must come in order of time; what is
    /// not newer than the last is known already.
    pub fn accept(&mut self, batch: &Batch, now: Timestamp) -> Accepted {
        let (at_us, second, now) = (
            batch.at.as_microsecond(),
            second_of(batch.at),
            second_of(now),
        );
        let mut accepted = Accepted::default();
        if second < now - OLDEST_S || second > now + AHEAD_S {
            accepted.refused = batch.samples.len();
            return accepted;
        }
        for sample in &batch.samples {
            if !self.by_uuid.contains_key(&sample.gpu)
                && let Some(node) = &batch.node
            {
                self.place(&sample.gpu, node);
            }
            if self.accept_one(sample, at_us, second, now) {
                accepted.kept += 1;
            } else {
                accepted.known += 1;
            }
        }
        self.marked |= accepted.kept > 0;
        accepted
    }

    fn accept_one(&mut self, sample: &GpuSample, at_us: i64, second: i64, now: i64) -> bool {
        let cluster = self.names.intern(Series::Cluster);
        self.gpu(&sample.gpu);
        let Keeper {
            by_uuid,
            all,
            blocks,
            entries,
            uses,
            ..
        } = self;
        let Some(gpu) = by_uuid
            .get(&sample.gpu)
            .and_then(|place| all.get_mut(*place))
        else {
            return false;
        };
        if gpu.last.is_some_and(|last| last.at_us >= at_us) {
            return false;
        }
        let mark = Mark {
            at_us,
            hold_s: longest_hold_s(sample.source),
            values: values(sample),
        };
        let mut add = |second: i64, at_us: i64, own: SeriesId, mut values: Values| {
            let held = gpu.holders.at(at_us);
            let [job, user, project] = held.map_or([NONE; 3], |held| held.groups);
            values[Metric::Allocated.index()] = f32::from(u8::from(held.is_some()));
            let entry = Entry {
                second,
                gpu: own,
                groups: [gpu.node, cluster, job, user, project],
                values,
            };
            if let Some(block) = blocks.get_mut(&block_of(second)) {
                block.add(&entry, now);
                entries.push(entry);
            }
        };
        let before = gpu
            .last
            .map(|last| (last, last.at_us.div_euclid(1_000_000)));
        if let Some((last, last_second)) = before
            && second - last_second <= last.hold_s
        {
            for held in last_second + 1..second {
                add(held, held * 1_000_000, NONE, last.values);
            }
        }
        if before.is_none_or(|(_, last_second)| last_second < second) {
            add(second, at_us, gpu.series, mark.values);
        }
        if let Some((last, _)) = before {
            integrate(gpu, &last, at_us, uses);
        }
        if let Some(held) = gpu.holders.at(at_us)
            && let Some(bytes) = sample.mem_used_bytes
        {
            let key = UseKey {
                attempt: held.attempt,
                node: gpu.node,
                hour_s: second - second.rem_euclid(3600),
            };
            let peak = &mut uses.entry(key).or_default().peak_mem_bytes;
            *peak = (*peak).max(bytes);
        }
        gpu.last = Some(mark);
        true
    }

    /// What is to be written since the last time; it is taken to be written.
    pub fn flush(&mut self, now: Timestamp) -> Flush {
        let mut entries: BTreeMap<i64, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.entries {
            let of_block = entries.entry(block_of(entry.second)).or_default();
            of_block.push(entry);
        }
        let entries = entries.into_iter().map(|(start, entries)| {
            let bytes = blob::of_entries(entries.into_iter(), start);
            (start, bytes)
        });
        let entries = entries.collect();
        let forgotten = now.as_microsecond() - HELD_S * 1_000_000;
        let marks = self.marked.then(|| {
            let marks = self.all.iter().filter_map(|gpu| {
                let mark = gpu.last.filter(|mark| mark.at_us > forgotten)?;
                Some((gpu.series, mark))
            });
            blob::of_marks(marks)
        });
        for gpu in &mut self.all {
            gpu.holders.forget_before(forgotten);
        }
        self.entries.clear();
        self.marked = false;
        Flush {
            names: self.names.take_fresh(),
            entries,
            marks,
            uses: self.uses.drain().collect(),
        }
    }

    /// The blocks that are over and quiet; oldest first.
    #[must_use]
    pub fn quiet(&self, now: Timestamp) -> Vec<i64> {
        let quiet = |block: &&Block| block.is_quiet(second_of(now), QUIET_S);
        let quiet = self.blocks.values().filter(quiet);
        quiet.map(|block| block.start).collect()
    }

    /// What a block is to be written as, once everything before it was flushed. `minutes` are the
    /// blobs of [`Tier::Minute`] that are on disk of its hour.
    ///
    /// # Errors
    /// When what is on disk cannot be read.
    pub fn close(
        &self,
        start: i64,
        minutes: &[(SeriesId, i64, Vec<u8>)],
    ) -> Result<Closed, BadBlob> {
        let Some(block) = self.blocks.get(&start) else {
            return Ok(Closed::default());
        };
        let hour = start - start.rem_euclid(Tier::Hour.width_s());
        let mut around: HashMap<SeriesId, Vec<(i64, &[u8])>> = HashMap::new();
        for (id, at, bytes) in minutes.iter().filter(|(_, at, _)| *at != start) {
            around.entry(*id).or_default().push((*at, bytes));
        }
        let mut closed = Closed::default();
        for (id, seconds) in block.changed() {
            let mut hour_row = Row::new(hour);
            let minutes = block.rows_of(seconds, Tier::Minute);
            let mut parts = around.remove(&id).unwrap_or_default();
            parts.push((start, &[]));
            parts.sort_unstable();
            for (at, bytes) in parts {
                if at == start {
                    minutes.iter().for_each(|row| hour_row.merge(row));
                } else {
                    let rows = blob::rows(bytes, at, Tier::Minute)?;
                    rows.iter().for_each(|row| hour_row.merge(row));
                }
            }
            let ten = block.rows_of(seconds, Tier::TenSeconds);
            closed.blobs.extend([
                (id, Tier::Second, start, blob::of_seconds(seconds)),
                (
                    id,
                    Tier::TenSeconds,
                    start,
                    blob::of_rows(&ten, start, Tier::TenSeconds),
                ),
                (
                    id,
                    Tier::Minute,
                    start,
                    blob::of_rows(&minutes, start, Tier::Minute),
                ),
                (
                    id,
                    Tier::Hour,
                    hour,
                    blob::of_rows(&[hour_row], hour, Tier::Hour),
                ),
            ]);
        }
        Ok(closed)
    }

    /// A block was written.
    pub fn forget(&mut self, start: i64) {
        self.blocks.remove(&start);
    }

    /// The open blocks that touch `from_s..until_s`, and what a series has there: of an hour its
    /// minutes.
    #[must_use]
    pub fn open_rows(
        &self,
        id: SeriesId,
        tier: Tier,
        (from_s, until_s): (i64, i64),
    ) -> Vec<(i64, Vec<Row>)> {
        let from = from_s.saturating_sub(BLOCK_S - 1);
        let touched = self.blocks.range(from..until_s.max(from));
        touched
            .map(|(start, block)| (*start, block.rows(id, tier)))
            .collect()
    }

    /// Every GPU's number.
    #[must_use]
    pub fn gpus(&self) -> Vec<(GpuUuid, SeriesId)> {
        let gpus = self.by_uuid.iter();
        gpus.filter_map(|(uuid, place)| Some((uuid.clone(), self.all.get(*place)?.series)))
            .collect()
    }
}

/// Adds what a GPU did from its last sample on to those who held it.
fn integrate(gpu: &Gpu, last: &Mark, at_us: i64, uses: &mut HashMap<UseKey, Use>) {
    const HOUR_US: i64 = 3_600_000_000;
    let until = at_us.min(last.at_us + last.hold_s * 1_000_000);
    let of = |metric: Metric| last.values[metric.index()];
    let figures = [of(Metric::Busy), of(Metric::Working), of(Metric::Power)];
    for (held, from, until) in gpu.holders.within(last.at_us, until) {
        let mut from = from;
        while from < until {
            let hour = from - from.rem_euclid(HOUR_US);
            let end = until.min(hour + HOUR_US);
            let key = UseKey {
                attempt: held.attempt,
                node: gpu.node,
                hour_s: hour / 1_000_000,
            };
            let seconds = micros_to_s(end - from);
            uses.entry(key)
                .or_default()
                .add(&Use::piece(seconds, figures));
            from = end;
        }
    }
}

fn micros_to_s(micros: i64) -> f64 {
    micros as f64 / 1e6
}
