//! The lines of `squeue`: jobs, and the tasks of an array that wait for the same as one line.

use std::collections::HashMap;

use berth_api::live::Picture;
use berth_api::views::{JobDetail, JobRow, ranges};
use berth_domain::{JobId, StateName};

use super::super::ids;

/// Where jobs stand in the queue.
#[derive(Debug, Default)]
pub struct Place(HashMap<JobId, usize>);

impl Place {
    pub fn of(picture: &Picture) -> Self {
        let queue = picture.queue.iter().enumerate();
        Place(queue.map(|(place, id)| (*id, place)).collect())
    }

    fn get(&self, id: JobId) -> Option<usize> {
        self.0.get(&id).copied()
    }
}

/// A line.
#[derive(Debug)]
pub struct Shown {
    pub row: JobRow,
    /// `17`, `17_3`, `17_[3-9]`.
    pub name: String,
    /// Its place in the queue, counted from 0.
    pub place: Option<usize>,
    pub detail: Option<JobDetail>,
}

/// Puts tasks that wait for the same thing together, if that is wanted.
pub fn together(rows: Vec<JobRow>, place: &Place, fold: bool) -> Vec<Shown> {
    let mut rows = rows;
    rows.sort_by_key(|row| row.id);
    let mut shown: Vec<Shown> = vec![];
    let mut indices: HashMap<usize, Vec<u32>> = HashMap::new();
    for row in rows {
        let at = shown.iter().position(|one| fold && is_same(&one.row, &row));
        let index = row.array.map(|place| place.index);
        if let (Some(at), Some(index)) = (at, index) {
            indices.entry(at).or_default().push(index);
            continue;
        }
        indices.entry(shown.len()).or_default().extend(index);
        shown.push(Shown {
            name: ids::name(&row),
            place: place.get(row.id),
            row,
            detail: None,
        });
    }
    for (at, mut indices) in indices {
        if let ([_, _, ..], Some(array)) = (indices.as_slice(), shown[at].row.array) {
            indices.sort_unstable();
            shown[at].name = format!("{}_[{}]", array.array, ranges(&indices));
        }
    }
    // As Slurm: what waits first, then what runs; and of those that wait the next one first.
    shown.sort_by_key(|one| {
        let place = one.place.unwrap_or(usize::MAX);
        (rank(one.row.state), place, one.row.id)
    });
    shown
}

fn rank(state: StateName) -> u8 {
    match state {
        StateName::Queued | StateName::Held => 0,
        StateName::Starting | StateName::Running | StateName::Stopping => 1,
        StateName::Finished => 2,
    }
}

/// Tasks of one array that wait for the same.
fn is_same(one: &JobRow, other: &JobRow) -> bool {
    let array = |row: &JobRow| row.array.map(|place| place.array);
    array(one).is_some()
        && array(one) == array(other)
        && one.is_waiting()
        && one.state == other.state
        && one.reason == other.reason
}

/// Sorts by letters as in a format, the first one first; `-` before one turns it around.
pub fn sort(shown: &mut [Shown], fields: Option<&str>) -> Result<(), String> {
    let Some(fields) = fields else {
        return Ok(());
    };
    let parts = fields
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    // Stable, so that the first field is applied last.
    for part in parts.rev() {
        let down = part.starts_with('-');
        let letter = part.trim_start_matches(['-', '+']);
        match letter {
            "i" | "A" => shown.sort_by_key(|one| one.row.id),
            "j" => shown.sort_by(|a, b| a.row.name.cmp(&b.row.name)),
            "u" => shown.sort_by(|a, b| a.row.user.cmp(&b.row.user)),
            "a" => shown.sort_by(|a, b| a.row.project.cmp(&b.row.project)),
            "q" => shown.sort_by_key(|one| one.row.class),
            "t" | "T" => shown.sort_by_key(|one| rank(one.row.state)),
            "D" => shown.sort_by_key(|one| one.row.nodes),
            "l" => shown.sort_by_key(|one| one.row.time_limit_s),
            "M" => shown.sort_by_key(|one| one.row.started_at.map(std::cmp::Reverse)),
            "S" => shown.sort_by_key(|one| one.row.started_at.or(one.row.start_p50)),
            "V" => shown.sort_by_key(|one| one.row.submitted_at),
            // Slurm's priorities rise towards the front.
            "p" | "Q" => shown.sort_by_key(|one| std::cmp::Reverse(one.place)),
            "P" | "N" | "" => {}
            other => {
                return Err(format!(
                    "--sort={other}: not known here; i, j, u, a, q, t, D, l, M, S, V and p are."
                ));
            }
        }
        if down {
            shown.reverse();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::row;

    #[test]
    fn sorting_takes_several_fields() {
        let mut rows = [3, 1, 2].map(|id| row(id, StateName::Queued));
        rows[0].user = "bo".into();
        let mut shown = together(rows.to_vec(), &Place::default(), true);
        let ids = |shown: &[Shown]| {
            let ids = shown.iter().map(|one| one.name.clone());
            ids.collect::<Vec<_>>().join(" ")
        };
        sort(&mut shown, Some("-i")).unwrap();
        assert_eq!(ids(&shown), "3 2 1");
        sort(&mut shown, Some("u,i")).unwrap();
        assert_eq!(ids(&shown), "1 2 3");
        assert!(sort(&mut shown, Some("x")).is_err());
    }
}
