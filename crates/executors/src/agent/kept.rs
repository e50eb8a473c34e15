//! What the agent knows of a rank, and what it does about it. Every rank that the server asks about
//! ends with an exit record, its shim's or, where there is no shim, one made here under the shim's
//! lock, so that none begins afterwards.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use berth_domain::{AttemptId, Ended, Exit, JobId, NodeName};

use crate::launch::{Launcher, Place};
use crate::layout;
use crate::logs;
use crate::order::{LastCall, LaunchOrder};
use crate::prepare::RunConfig;
use crate::rank::{self, Found};
use crate::record::{self, ExitRecord, Stop};
use crate::ssh::wire::{Frame, FromAgent, PIECE, Watch};
use crate::tmux::{Tmux, ToStart};

/// After this long without a sign of a shim that was asked for, it is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(10);
const LAUNCHES: u32 = 3;
/// A server that was killed asks, when it is there again, what ended meanwhile.
const ASKED_ABOUT: Duration = Duration::from_secs(7 * 24 * 3600);

pub(super) struct Kept {
    place: Place,
    /// `None`: not to be started from here.
    launch: Option<Launch>,
    stop: Option<Stop>,
    /// Whether the server wants to hear of it.
    watched: bool,
    said_began: bool,
    ended: Option<Exit>,
    said_ended: bool,
    log_sent: u64,
    log_total: u64,
    news: VecDeque<FromAgent>,
}

struct Launch {
    order: Box<LaunchOrder>,
    /// What has to be there first.
    package: Option<PathBuf>,
    said_lacks: bool,
    master: String,
    times: u32,
    asked_at: Option<Instant>,
}

impl Kept {
    pub(super) fn watched(config: &RunConfig, watch: Watch) -> Self {
        let attempt = watch.order.attempt;
        let mut kept = Self::unwatched(config, attempt, watch.rank);
        kept.watched = true;
        kept.log_sent = watch.log_from;
        let package = watch.order.package.as_ref();
        let package = package.map(|hash| layout::package(&config.data_dir, hash));
        kept.launch = watch.may_launch.then(|| Launch {
            order: Box::new(watch.order),
            package,
            said_lacks: false,
            master: watch.master,
            times: 0,
            asked_at: None,
        });
        if let Some(stop) = watch.stop {
            kept.stop(stop);
        }
        kept
    }

    pub(super) fn unwatched(config: &RunConfig, attempt: AttemptId, rank: u32) -> Self {
        Kept {
            place: Place::new(config, attempt, rank),
            launch: None,
            stop: None,
            watched: false,
            said_began: false,
            ended: None,
            said_ended: false,
            log_sent: 0,
            log_total: 0,
            news: VecDeque::new(),
        }
    }

    pub(super) fn call(&self, tmux: &mut Tmux, call: &LastCall) {
        if let Err(error) = record::write(&self.place.folder, layout::LAST_CALL, call) {
            tracing::error!(attempt = %self.place.attempt, %error, "cannot write a last call");
        }
        tmux.tell_to_save(&self.place);
    }

    /// The record goes first: a shim that begins now finds it.
    pub(super) fn stop(&mut self, stop: Stop) {
        let folder = &self.place.folder;
        let written =
            fs::create_dir_all(folder).and_then(|()| record::write(folder, layout::STOP, &stop));
        if let Err(error) = written {
            tracing::error!(attempt = %self.place.attempt, %error, "cannot write a stop record");
        }
        self.stop = Some(stop);
    }

    pub(super) fn is_forgotten(&mut self) {
        self.watched = false;
    }

    /// It was not started, for this reason.
    pub(super) fn failed(&mut self, ended: Ended) {
        if matches!(rank::look(&self.place.folder), Found::Nothing) {
            settle(&self.place, ended);
        }
    }

    /// Takes in what the folder says, and does what follows from it.
    pub(super) fn look(&mut self, tmux: &mut Tmux, node: &NodeName) {
        if self.ended.is_some() {
            return;
        }
        match rank::look(&self.place.folder) {
            Found::Ended { exit, .. } => {
                self.ended = Some(exit);
                self.see_log();
                self.say_ended();
            }
            Found::Began(meta) => {
                if let Some(why) = tmux.is_gone(&self.place, &meta) {
                    // Unless it ended between two looks.
                    if !self.place.folder.join(layout::EXIT).exists() {
                        tmux.bury(&self.place, &meta);
                    }
                    if settle(&self.place, Ended::Lost { why }) {
                        self.look(tmux, node);
                    }
                    return;
                }
                if let Some(stop) = &self.stop {
                    let grace = Duration::from_millis(stop.grace_ms);
                    tmux.tell_to_stop(&self.place, grace);
                }
                if !self.said_began {
                    self.said_began = true;
                    let (attempt, rank) = (self.place.attempt, self.place.rank);
                    self.news.push_back(FromAgent::Began {
                        attempt,
                        rank,
                        meta,
                    });
                }
                self.see_log();
            }
            Found::Nothing => self.look_at_nothing(tmux, node),
        }
    }

    fn look_at_nothing(&mut self, tmux: &mut Tmux, node: &NodeName) {
        let ended = match (&self.stop, &mut self.launch) {
            (Some(Stop { lost, .. }), _) => match lost.clone() {
                Some(why) => Ended::Lost { why },
                None => Ended::NotLaunched {
                    why: "stopped before it began".to_owned(),
                },
            },
            (None, Some(launch)) => {
                if launch.lacks_package() {
                    if !std::mem::replace(&mut launch.said_lacks, true) {
                        let (attempt, rank) = (self.place.attempt, self.place.rank);
                        self.news
                            .push_back(FromAgent::LacksPackage { attempt, rank });
                    }
                    return;
                }
                if !launch.is_due() {
                    return;
                }
                if launch.times < LAUNCHES {
                    launch.again(tmux, node);
                    return;
                }
                Ended::NotLaunched {
                    why: "its shim was asked for and did not begin".to_owned(),
                }
            }
            (None, None) => Ended::Lost {
                why: format!("its run folder on {node} is gone"),
            },
        };
        if settle(&self.place, ended) {
            self.look(tmux, node);
        }
    }

    fn see_log(&mut self) {
        if self.watched {
            self.log_total = logs::total(&self.place.folder).unwrap_or(0);
        }
    }

    pub(super) fn has_log(&self) -> bool {
        self.watched && self.log_sent < self.log_total
    }

    /// The next piece of its log.
    pub(super) fn piece(&mut self) -> Option<Frame> {
        let read = logs::read(&self.place.folder, self.log_sent, PIECE);
        let Some(chunk) = read.ok().filter(|chunk| chunk.next > self.log_sent) else {
            // It cannot be read; there is no more to be said of it.
            self.log_sent = self.log_total;
            self.say_ended();
            return None;
        };
        self.log_sent = chunk.next;
        self.log_total = self.log_total.max(chunk.total);
        self.say_ended();
        let word = FromAgent::Log {
            attempt: self.place.attempt,
            rank: self.place.rank,
            start: chunk.start,
            length: chunk.bytes.len(),
        };
        Some(Frame {
            word,
            bytes: chunk.bytes,
        })
    }

    /// Only once its whole log was sent.
    fn say_ended(&mut self) {
        let Some(exit) = self.ended.clone() else {
            return;
        };
        if !self.watched || self.said_ended || self.has_log() {
            return;
        }
        self.said_ended = true;
        let (attempt, rank) = (self.place.attempt, self.place.rank);
        self.news.push_back(FromAgent::Ended {
            attempt,
            rank,
            exit,
        });
    }

    pub(super) fn news(&mut self) -> impl Iterator<Item = FromAgent> + '_ {
        self.news.drain(..)
    }

    /// Whether it ended and nobody wants to hear of it.
    pub(super) fn is_done(&self) -> bool {
        let done = self.ended.is_some() && !self.watched;
        if done {
            tidy(&self.place.folder);
        }
        done
    }
}

impl Launch {
    fn lacks_package(&self) -> bool {
        self.package.as_ref().is_some_and(|path| !path.is_file())
    }

    fn is_due(&self) -> bool {
        self.asked_at.is_none_or(|at| at.elapsed() >= ASK_AGAIN)
    }

    fn again(&mut self, tmux: &Tmux, node: &NodeName) {
        self.times += 1;
        self.asked_at = Some(Instant::now());
        tmux.start(ToStart {
            order: self.order.clone(),
            master: self.master.clone(),
            node: Some(node.clone()),
        });
    }
}

/// Records the end of a rank that no shim has. Returns whether a record is there now.
fn settle(place: &Place, ended: Ended) -> bool {
    let write = || {
        let folder = &place.folder;
        fs::create_dir_all(folder)?;
        let Some(_lock) = rank::take(folder)? else {
            // A shim has it after all.
            return Ok(false);
        };
        if !folder.join(layout::EXIT).exists() {
            let exit = Exit {
                ended,
                out_of_memory: false,
            };
            record::write(folder, layout::EXIT, &ExitRecord { exit })?;
        }
        io::Result::Ok(true)
    };
    write().unwrap_or_else(|error| {
        tracing::error!(attempt = %place.attempt, %error, "cannot write an exit record");
        false
    })
}

/// Removes what it was told and what it wrote. The records stay, so that it never begins again.
fn tidy(folder: &Path) {
    let _ = fs::remove_file(folder.join(layout::SPEC));
    let _ = fs::remove_dir_all(folder.join(layout::LOG));
}

/// Whether no server will ask any more.
fn is_old(exit: &fs::Metadata) -> bool {
    let age = exit.modified().ok().and_then(|at| at.elapsed().ok());
    age.is_some_and(|age| age > ASKED_ABOUT)
}

/// Ranks that were to begin here, or did, and have not ended. Tidies what ended long ago.
pub(super) fn unfinished(data: &Path) -> Vec<(AttemptId, u32)> {
    let mut found = Vec::new();
    for job in numbered(&data.join("runs"), "") {
        let job = JobId(job);
        for number in numbered(&layout::job_dir(data, job), "") {
            let Ok(number) = u32::try_from(number) else {
                continue;
            };
            let attempt = AttemptId { job, number };
            let folder = layout::job_dir(data, job).join(number.to_string());
            for rank in numbered(&folder, "rank-") {
                let Ok(rank) = u32::try_from(rank) else {
                    continue;
                };
                let folder = layout::rank_dir(data, attempt, rank);
                match fs::metadata(folder.join(layout::EXIT)) {
                    Ok(exit) if is_old(&exit) => tidy(&folder),
                    Ok(_) => {}
                    Err(_) => found.push((attempt, rank)),
                }
            }
        }
    }
    found
}

/// The numbers after `prefix` in the names of a folder's entries.
fn numbered(folder: &Path, prefix: &str) -> Vec<u64> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let number = |entry: fs::DirEntry| {
        let name = entry.file_name();
        name.to_str()?.strip_prefix(prefix)?.parse().ok()
    };
    entries.filter_map(number).collect()
}
