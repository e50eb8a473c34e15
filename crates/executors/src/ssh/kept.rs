//! What a host's keeper knows of a rank.

use berth_domain::NodeName;

use super::mirror::Mirror;
use super::wire::Watch;
use crate::order::LaunchOrder;
use crate::record::Stop;

pub(super) struct Kept {
    pub order: Box<LaunchOrder>,
    pub may_launch: bool,
    pub mirror: Mirror,
    /// Whether this connection's agent knows of it.
    pub told: bool,
    /// What that was told about its end.
    stop: Option<Stop>,
    /// It was given up, for this reason.
    pub lost: Option<String>,
    pub began: bool,
    pub ended: bool,
}

impl Kept {
    pub(super) fn new(order: Box<LaunchOrder>, may_launch: bool, mirror: Mirror) -> Self {
        Kept {
            order,
            may_launch,
            ended: mirror.has_ended(),
            mirror,
            told: false,
            stop: None,
            lost: None,
            began: false,
        }
    }

    pub(super) fn first_node(&self) -> Option<&NodeName> {
        self.order.lease.0.first().map(|part| &part.node)
    }

    /// There is another agent now.
    pub(super) fn told_nothing(&mut self) {
        self.told = false;
        self.stop = None;
    }

    /// What the agent is told first.
    pub(super) fn tell(&mut self, rank: u32, master: String, grace_ms: u64) -> Watch {
        self.told = true;
        Watch {
            order: (*self.order).clone(),
            rank,
            may_launch: self.may_launch,
            master,
            call: self.mirror.call(),
            stop: self.new_stop(grace_ms),
            log_from: self.mirror.log_bytes(),
        }
    }

    /// Whether and how it is to end.
    pub(super) fn end(&self, grace_ms: u64) -> Option<Stop> {
        let given_up = |lost: &String| Stop {
            call: None,
            grace_ms,
            lost: Some(lost.clone()),
        };
        let stop = self.mirror.stop();
        stop.or_else(|| self.lost.as_ref().map(given_up))
    }

    /// What the agent is to be told about that, unless it was.
    pub(super) fn new_stop(&mut self, grace_ms: u64) -> Option<Stop> {
        let stop = self.end(grace_ms);
        if stop.is_none() || self.stop == stop {
            return None;
        }
        self.stop.clone_from(&stop);
        stop
    }
}
