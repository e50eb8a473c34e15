//! Where a grid's GPUs are, and where its times.

use super::{column, entry};
use crate::columns::HEAD;
use crate::moment::{Likely, moment, range};
use crate::options::{Options, plain};
use crate::table::Row;
use crate::{Bare, Column, Entry, Gpus, Outcome, Place, Skip, gpus};

/// The columns of a grid.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The row that names the GPUs.
    pub header: usize,
    /// Columns of times: all before the first place.
    pub times: usize,
    pub places: Vec<(usize, Place)>,
}

const NODE: [&str; 8] = [
    "node",
    "server",
    "machine",
    "host",
    "box",
    "workstation",
    "rechner",
    "maschine",
];

/// What a heading of a grid names, if it names GPUs or a node.
fn place(heading: &str, options: &Options) -> Option<Place> {
    let whole = |name: &str| Place {
        node: Some(name.to_owned()),
        gpus: Gpus::All,
    };
    let lower = heading.to_lowercase();
    let numbered = NODE.iter().any(|word| {
        let rest = lower
            .strip_prefix(word)
            .map(|rest| rest.trim_start_matches([' ', '-', '_']));
        rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    });
    if numbered || options.nodes.contains(&plain(heading)) {
        return Some(whole(heading));
    }
    let places = gpus::places(heading, Bare::Index)?;
    let [place] = &places[..] else { return None };
    let known = |name: &String| {
        let name = plain(name);
        options.nodes.contains(&name) || name.chars().any(|ch| ch.is_ascii_digit())
    };
    match (&place.node, &place.gpus) {
        (_, Gpus::Count(_)) | (None, Gpus::All) => None,
        (Some(node), Gpus::All) => options.nodes.contains(&plain(node)).then(|| place.clone()),
        (Some(node), Gpus::Indices(_)) => known(node).then(|| place.clone()),
        (None, Gpus::Indices(_)) => Some(place.clone()),
    }
}

/// The row that names most of them, at least two, and has times below its left.
pub(crate) fn frame(rows: &[Row], options: &Options) -> Option<Frame> {
    let head = rows.iter().take(HEAD).enumerate();
    let frames = head.filter_map(|(header, row)| {
        let cells = row.cells.iter().enumerate().skip(1);
        let named = cells.filter_map(|(at, cell)| Some((at, place(cell, options)?)));
        let mut places: Vec<(usize, Place)> = named.collect();
        let times = places.first()?.0;
        // A row of times has numbers too, and no gaps stay unexplained.
        let others = row.cells.iter().skip(times).filter(|cell| !cell.is_empty());
        if places.len() < 2 || others.count() > places.len() + 2 {
            return None;
        }
        if let Some(above) = header.checked_sub(1) {
            name_nodes(&mut places, &rows[above]);
        }
        let frame = Frame {
            header,
            times,
            places,
        };
        let below = rows.get(header + 1..)?;
        let filled = below.iter().filter(|row| row.filled() > 0);
        let timed = filled.clone().filter(|row| {
            (0..times).any(|at| {
                let cell = row.cell(at);
                moment(cell, Likely::Time).is_some() || range(cell, Likely::Time).is_some()
            })
        });
        let (timed, filled) = (timed.count(), filled.count());
        (timed > 0 && timed * 2 >= filled).then_some(frame)
    });
    // Of equals the first.
    frames.rev().max_by_key(|frame| frame.places.len())
}

/// Nodes in the row above, each over the GPUs that it has: merged cells.
fn name_nodes(places: &mut [(usize, Place)], above: &Row) {
    let mut node = String::new();
    for (at, place) in places {
        let cell = above.cell(*at);
        if cell.chars().any(char::is_alphabetic) {
            cell.clone_into(&mut node);
        }
        if place.node.is_none() && !node.is_empty() {
            place.node = Some(node.clone());
        }
    }
}

impl Frame {
    /// What the rows down to the headings are.
    pub fn head(&self, rows: &[Row]) -> Vec<Entry> {
        let rows = rows.iter().take(self.header + 1).enumerate();
        let skip = |(at, row): (usize, &Row)| match at == self.header {
            true => Skip::Headings,
            false if row.filled() == 0 => Skip::Blank,
            false => Skip::Above,
        };
        let entry = |(at, row): (usize, &Row)| {
            entry(row, row, row.text(), Outcome::Skipped(skip((at, row))))
        };
        rows.map(entry).collect()
    }

    pub fn columns(&self, rows: &[Row]) -> Vec<Column> {
        let header = &rows[self.header];
        let cells = header.cells.iter().enumerate();
        cells.map(|(at, cell)| column(at + 1, cell)).collect()
    }
}
