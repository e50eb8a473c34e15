//! The line of waiting jobs as it is planned, and who may pass whom in it: people order their own
//! jobs as they like, and leads and admins others' too. The browser asks the same while somebody drags.

use crate::command::MoveTo;
use crate::ids::{JobId, UserName};
use crate::refusal::Refusal;
use crate::spec::PriorityClass;

/// A waiting job in the order in which it is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InLine<'a> {
    pub id: JobId,
    pub owner: &'a UserName,
    pub class: PriorityClass,
}

/// Refuses a move after which a job stands before one of somebody else that it stands behind now.
/// What is not in the line yet stands at its end.
///
/// # Errors
/// [`Refusal::PassesOthers`], with the first of those that it would pass.
pub fn may_pass(line: &[InLine<'_>], moved: InLine<'_>, to: MoveTo) -> Result<(), Refusal> {
    may_pass_those(line, moved, to, |_| false)
}

/// The same where some of the others' may be passed.
///
/// # Errors
/// [`Refusal::PassesOthers`], with the first of those that it would pass.
pub fn may_pass_those(
    line: &[InLine<'_>],
    moved: InLine<'_>,
    to: MoveTo,
    may: impl Fn(&InLine<'_>) -> bool,
) -> Result<(), Refusal> {
    let place = |id: JobId| line.iter().position(|one| one.id == id);
    let from = place(moved.id).unwrap_or(line.len());
    let to = match to {
        MoveTo::Top => Some(0),
        MoveTo::Bottom => None,
        MoveTo::Before(id) => place(id),
        MoveTo::After(id) => place(id).map(|at| at + 1),
    };
    // `None`: to the end, or next to what no longer waits, which is refused elsewhere.
    let passed = line.get(to.unwrap_or(from)..from).unwrap_or_default();
    let other = passed
        .iter()
        .find(|one| one.class == moved.class && one.owner != moved.owner && !may(one));
    other.map_or(Ok(()), |other| {
        Err(Refusal::PassesOthers {
            job: moved.id,
            other: other.id,
            owner: other.owner.clone(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: [(u64, &str, PriorityClass); 5] = [
        (1, "ana", PriorityClass::High),
        (2, "kim", PriorityClass::Normal),
        (3, "ana", PriorityClass::Normal),
        (4, "kim", PriorityClass::Normal),
        (5, "kim", PriorityClass::Normal),
    ];

    /// Which one a job of the line, or a new one of ana, would pass and may not.
    fn passed(job: u64, to: MoveTo) -> Option<u64> {
        let owners = ORDER.map(|(_, owner, _)| UserName::from(owner));
        let all = ORDER.iter().zip(&owners);
        let line: Vec<InLine<'_>> = all
            .map(|((id, _, class), owner)| InLine {
                id: JobId(*id),
                owner,
                class: *class,
            })
            .collect();
        let new = InLine {
            id: JobId(job),
            ..line[2]
        };
        let moved = line.iter().find(|one| one.id == new.id);
        match may_pass(&line, *moved.unwrap_or(&new), to) {
            Ok(()) => None,
            Err(Refusal::PassesOthers { other, .. }) => Some(other.0),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn people_pass_their_own_and_nobody_else() {
        assert_eq!(passed(5, MoveTo::Before(JobId(4))), None);
        assert_eq!(passed(5, MoveTo::Before(JobId(3))), Some(3));
        assert_eq!(passed(5, MoveTo::After(JobId(3))), None);
        assert_eq!(passed(5, MoveTo::Before(JobId(2))), Some(3));
        assert_eq!(passed(3, MoveTo::Top), Some(2));
        assert_eq!(passed(4, MoveTo::Top), Some(3));
    }

    #[test]
    fn back_is_always_open_and_other_classes_are_not_passed() {
        assert_eq!(passed(2, MoveTo::Bottom), None);
        assert_eq!(passed(2, MoveTo::After(JobId(5))), None);
        // The one of a higher class stays before it.
        assert_eq!(passed(2, MoveTo::Top), None);
    }

    #[test]
    fn what_is_new_stands_at_the_end() {
        assert_eq!(passed(9, MoveTo::Top), Some(2));
        assert_eq!(passed(9, MoveTo::After(JobId(5))), None);
        assert_eq!(passed(9, MoveTo::Bottom), None);
    }
}
