//! What the rows share: the order that is shown, which are chosen, and the one that is dragged.

use std::collections::{BTreeSet, HashMap, HashSet};

use berth_domain::line::may_pass;
use berth_domain::{InLine, JobId, MoveTo, PriorityClass, StateName, UserName};
use berth_preview::{Moved, Start};
use leptos::prelude::*;

use super::grouped::Grouping;
use super::tail::Tail;
use crate::live::Live;
use crate::planner::Planner;
use crate::texts::queue as t;

/// A row that was picked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drag {
    pub job: JobId,
    /// Its place in the order, from 0: before, and as it would be.
    pub from: usize,
    pub to: usize,
    /// By keys: it moves from place to place, not with the pointer.
    pub by_keys: bool,
}

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    live: Live,
    pub planner: Planner,
    /// What the live store does not hold.
    pub tail: Tail,
    /// What is shown: the planned order; while a row is dragged, the order in which it was picked up.
    pub order: Memo<Vec<JobId>>,
    pub places: Memo<HashMap<JobId, usize>>,
    /// An order that stands until the server's comes.
    pub kept: RwSignal<Option<Vec<JobId>>>,
    pub drag: RwSignal<Option<Drag>>,
    /// Why it may not be dropped where it is.
    pub forbidden: Memo<Option<String>>,
    /// The starts that the move would change.
    pub changes: Memo<HashMap<JobId, Start>>,
    pub chosen: RwSignal<BTreeSet<JobId>>,
    /// The row that shows everything about why it waits.
    pub opened: RwSignal<Option<JobId>>,
    /// For who does not see it.
    pub spoken: RwSignal<String>,
    /// Rows can be moved.
    pub movable: Memo<bool>,
}

/// What the rules look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub id: JobId,
    pub owner: UserName,
    pub class: PriorityClass,
    pub held: bool,
}

impl Place {
    fn in_line(&self) -> InLine<'_> {
        InLine {
            id: self.id,
            owner: &self.owner,
            class: self.class,
        }
    }
}

impl Board {
    pub fn provide(grouping: Memo<Grouping>) -> Self {
        let live = Live::here();
        let planner = Planner::new();
        let tail = Tail::new(live);
        let kept = RwSignal::new(None::<Vec<JobId>>);
        let drag = RwSignal::new(None::<Drag>);
        let order = Memo::new(move |_| kept.get().unwrap_or_else(|| whole(live, tail)));
        let places = Memo::new(move |_| {
            order.with(|order| {
                let places = order.iter().enumerate();
                places.map(|(place, id)| (*id, place)).collect()
            })
        });
        let target = Memo::new(move |_| drag.get().map(|drag| (drag.job, drag.to)));
        let forbidden = Memo::new(move |_| {
            let (job, to) = target.get()?;
            order.with_untracked(|order| place(live, tail, order, job, to).err())
        });
        let changes = Memo::new(move |_| {
            let moves = target.get().is_some() && forbidden.with(Option::is_none);
            planner.told.with(|told| {
                let told = told.as_ref().filter(|_| moves);
                told.map_or_else(HashMap::new, |told| by_job(&told.moved))
            })
        });
        let board = Board {
            live,
            planner,
            tail,
            order,
            places,
            kept,
            drag,
            forbidden,
            changes,
            chosen: RwSignal::new(BTreeSet::new()),
            opened: RwSignal::new(None),
            spoken: RwSignal::new(String::new()),
            movable: Memo::new(move |_| grouping.get() == Grouping::Order),
        };
        provide_context(board);
        // What waits changed while a row is dragged: ask anew.
        Effect::new(move |_| {
            live.queue.track();
            if let Some(drag) = drag.get_untracked() {
                board.planner.refresh();
                board.ask(drag);
            }
        });
        board
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// Where the dragged row would be put; `None` where it would not move.
    ///
    /// # Errors
    /// The rule that forbids it, in a sentence.
    pub fn move_to(self, drag: Drag) -> Result<Option<MoveTo>, String> {
        if drag.from == drag.to {
            return Ok(None);
        }
        let order = self.order.get_untracked();
        place(self.live, self.tail, &order, drag.job, drag.to).map(Some)
    }

    /// Asks the planner about where the dragged row is now.
    pub fn ask(self, drag: Drag) {
        match self.move_to(drag) {
            Ok(Some(to)) => self.planner.ask(drag.job, to),
            _ => self.planner.forget(),
        }
    }

    /// A job's place in the order that is shown, from 1. Follows it.
    pub fn place(self, job: JobId) -> Option<usize> {
        self.places
            .with(|places| places.get(&job).map(|place| place + 1))
    }

    /// The order as it would be.
    pub fn moved(self, drag: Drag) -> Vec<JobId> {
        let mut order = self.order.get_untracked();
        if drag.from < order.len() {
            let job = order.remove(drag.from);
            order.insert(drag.to.min(order.len()), job);
        }
        order
    }
}

fn by_job(moved: &Moved) -> HashMap<JobId, Start> {
    moved.starts.iter().map(|one| (one.job, *one)).collect()
}

/// Those that the store holds, and those behind them.
fn whole(live: Live, tail: Tail) -> Vec<JobId> {
    let mut order = live.queue.get();
    tail.places.with(|places| {
        if !places.is_empty() {
            let listed: HashSet<JobId> = order.iter().copied().collect();
            let behind = places.iter().map(|place| place.id);
            order.extend(behind.filter(|id| !listed.contains(id)));
        }
    });
    order
}

/// The move that puts a job at a place of the order that is shown, if the rules allow it.
fn place(live: Live, tail: Tail, order: &[JobId], job: JobId, to: usize) -> Result<MoveTo, String> {
    let listed = |id: &JobId| {
        let row = live.row(*id)?;
        Some(row.with_untracked(|row| {
            row.is_waiting().then(|| Place {
                id: row.id,
                owner: row.user.clone(),
                class: row.class,
                held: row.state == StateName::Held,
            })
        }))
    };
    let line: Vec<Place> = tail.places.with_untracked(|places| {
        let behind: HashMap<JobId, &Place> = places.iter().map(|one| (one.id, one)).collect();
        let place = |id: &JobId| listed(id).unwrap_or_else(|| behind.get(id).copied().cloned());
        order.iter().filter_map(place).collect()
    });
    let waiting = live
        .counts
        .with_untracked(|counts| (counts.queued + counts.held) as usize);
    let others = order.iter().filter(|id| **id != job);
    let before = others.clone().take(to).copied().collect();
    let line = Line {
        places: &line,
        whole: order.len() >= waiting,
    };
    place_in(&line, &before, job, live.is_lead())
}

/// What is known of the order.
struct Line<'a> {
    places: &'a [Place],
    /// Nothing waits behind these.
    whole: bool,
}

/// `before`: those that it would stand behind.
fn place_in(
    Line {
        places: line,
        whole,
    }: &Line<'_>,
    before: &BTreeSet<JobId>,
    job: JobId,
    admin: bool,
) -> Result<MoveTo, String> {
    let Some(moved) = line.iter().find(|one| one.id == job) else {
        return Err(t::does_not_wait(job));
    };
    let alike = |one: &&Place| one.class == moved.class && one.id != job;
    let ahead = |one: &&Place| before.contains(&one.id);
    let passes = line.iter().filter(|one| one.id != job);
    // Classes are one after the other, whatever anybody does within them.
    let misplaced = passes.clone().find(|one| {
        let wrong = if ahead(one) {
            one.class < moved.class
        } else {
            one.class > moved.class
        };
        wrong && !one.held
    });
    if let Some(other) = misplaced {
        return Err(t::other_class(other.id, other.class, job, moved.class));
    }
    let next = passes
        .clone()
        .filter(alike)
        .find(|one| !ahead(one) && !one.held)
        .map(|one| MoveTo::Before(one.id));
    let last = || passes.clone().filter(alike).rfind(|one| !one.held);
    let to = next.unwrap_or_else(|| match last() {
        Some(last) if !whole => MoveTo::After(last.id),
        _ => MoveTo::Bottom,
    });
    if !admin {
        let all: Vec<InLine<'_>> = line.iter().map(Place::in_line).collect();
        may_pass(&all, moved.in_line(), to).map_err(|refusal| refusal.to_string())?;
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Job 5 of kim is picked up from the end and put behind so many others.
    fn put(behind: usize, admin: bool) -> Result<MoveTo, String> {
        put_in(behind, admin, true)
    }

    fn put_in(behind: usize, admin: bool, whole: bool) -> Result<MoveTo, String> {
        let place = |(id, owner, class): (u64, &str, PriorityClass)| Place {
            id: JobId(id),
            owner: UserName::from(owner),
            class,
            held: id == 6,
        };
        let line = [
            (1, "ana", PriorityClass::High),
            (2, "ana", PriorityClass::Normal),
            (3, "kim", PriorityClass::Normal),
            (4, "kim", PriorityClass::Low),
            (5, "kim", PriorityClass::Normal),
            (6, "ana", PriorityClass::High),
        ];
        let line: Vec<Place> = line.into_iter().map(place).collect();
        let others = [1, 2, 3, 4, 6].map(JobId);
        let before = others.into_iter().take(behind).collect();
        let line = Line {
            places: &line,
            whole,
        };
        place_in(&line, &before, JobId(5), admin)
    }

    #[test]
    fn a_job_goes_before_the_next_of_its_class_or_to_the_end() {
        assert_eq!(put(2, true), Ok(MoveTo::Before(JobId(3))));
        assert_eq!(put(1, true), Ok(MoveTo::Before(JobId(2))));
        assert_eq!(put(3, true), Ok(MoveTo::Bottom));
    }

    #[test]
    fn the_end_of_what_is_known_is_not_the_end() {
        assert_eq!(put_in(3, true, false), Ok(MoveTo::After(JobId(3))));
        assert_eq!(put_in(2, true, false), Ok(MoveTo::Before(JobId(3))));
    }

    #[test]
    fn what_forbids_it_is_said() {
        let class = put(0, true).expect_err("job 1 is of a higher class");
        assert!(class.contains("Job 1 is of class high"), "{class}");
        let class = put(4, true).expect_err("job 4 is of a lower class");
        assert!(class.contains("Job 4 is of class low"), "{class}");
        assert_eq!(put(2, false), Ok(MoveTo::Before(JobId(3))));
        let rule = put(1, false).expect_err("job 2 is ana's");
        assert!(rule.contains("would pass job 2 of ana"), "{rule}");
    }
}
