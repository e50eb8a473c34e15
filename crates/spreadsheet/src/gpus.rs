//! GPUs as people write them: `0-3`, `GPU0 & GPU1`, `4x`, `all`, `node-1:0-3`.

use std::collections::BTreeSet;

use crate::{Gpus, Place};

/// What a number that stands alone means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// So many.
    Count,
    /// That one.
    Index,
}

/// No node has more.
const MOST: u32 = 1024;

/// Words that say only that GPUs are meant.
const GPU: [&str; 10] = [
    "gpu",
    "gpus",
    "card",
    "cards",
    "karte",
    "karten",
    "device",
    "devices",
    "cuda",
    "grafikkarten",
];
/// Words that say nothing.
const EMPTY: [&str; 18] = [
    "on", "auf", "of", "at", "and", "und", "the", "nr", "no", "node", "h100", "h200", "a100",
    "b200", "v100", "l40s", "rtx", "nvidia",
];
const ALL: [&str; 9] = [
    "all", "alle", "*", "whole", "full", "entire", "ganz", "komplett", "every",
];

impl Bare {
    /// `count` or `index`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Bare> {
        Some(match text.trim().to_lowercase().as_str() {
            "count" => Bare::Count,
            "index" => Bare::Index,
            _ => return None,
        })
    }

    /// What a column means, by what its heading says and what else stands in it.
    pub(crate) fn of(heading: &str, cells: &[&str]) -> Bare {
        let heading = heading.to_lowercase().replace("(s)", "s");
        let words = heading.split(|ch: char| !ch.is_alphanumeric());
        let words: Vec<&str> = words.collect();
        let says = |known: &[&str]| words.iter().any(|word| known.contains(word));
        if heading.contains('#') || says(&["count", "number", "many", "anzahl", "num", "amount"]) {
            return Bare::Count;
        }
        if says(&["index", "indices", "id", "ids", "nummer", "which"]) {
            return Bare::Index;
        }
        // Nobody books no GPU, so 0 is one; and who lists some writes one the same way.
        let indices = |cell: &&str| {
            let is_list = matches!(
                places(cell, Bare::Count).as_deref(),
                Some([
                    Place {
                        gpus: Gpus::Indices(_),
                        ..
                    },
                    ..
                ])
            );
            *cell == "0" || is_list
        };
        if cells.iter().any(indices) {
            return Bare::Index;
        }
        let counts = |cell: &&str| {
            let bare = cell.bytes().all(|byte| byte.is_ascii_digit());
            let count = matches!(
                places(cell, Bare::Index).as_deref(),
                Some([Place {
                    gpus: Gpus::Count(_),
                    ..
                }])
            );
            !bare && count
        };
        let plural = says(&["gpus", "cards", "karten", "devices"]);
        if plural || cells.iter().any(counts) {
            Bare::Count
        } else {
            Bare::Index
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Node(String),
    All,
    Number(u32),
    Indices(u32, u32),
    Count(u32),
    /// `GPU`, which says what the number beside it is.
    Gpu,
}

/// Reads a cell. Each node comes once, with all of its GPUs.
pub(crate) fn places(text: &str, bare: Bare) -> Option<Vec<Place>> {
    let parts = parts(text)?;
    let mut places: Vec<Place> = Vec::new();
    let mut node: Option<String> = None;
    let mut group: Vec<Part> = Vec::new();
    let mut used = true;
    for part in parts {
        match part {
            Part::Node(name) => {
                if !group.is_empty() && node.is_none() && places.is_empty() {
                    // `4 GPUs on node-1`: the node comes last.
                    node = Some(name);
                    used = false;
                    continue;
                }
                if !used || !group.is_empty() {
                    add(&mut places, node.take(), gpus(&group, bare)?)?;
                    group.clear();
                }
                node = Some(name);
                used = false;
            }
            part => group.push(part),
        }
    }
    if !used || !group.is_empty() {
        add(&mut places, node, gpus(&group, bare)?)?;
    }
    (!places.is_empty()).then_some(places)
}

fn add(places: &mut Vec<Place>, node: Option<String>, gpus: Gpus) -> Option<()> {
    let same = places.iter_mut().find(|place| place.node == node);
    match same {
        None => places.push(Place { node, gpus }),
        Some(place) => {
            let (Gpus::Indices(mine), Gpus::Indices(more)) = (&mut place.gpus, gpus) else {
                return None;
            };
            let all: BTreeSet<u32> = mine.iter().copied().chain(more).collect();
            *mine = all.into_iter().collect();
        }
    }
    Some(())
}

/// What the parts behind a node's name say; nothing at all is all of it.
fn gpus(group: &[Part], bare: Bare) -> Option<Gpus> {
    let numbers = group.iter().filter(|part| !matches!(part, Part::Gpu));
    let numbers: Vec<&Part> = numbers.collect();
    let mut indices: BTreeSet<u32> = BTreeSet::new();
    match numbers[..] {
        [] | [Part::All] => return Some(Gpus::All),
        [Part::Count(count)] => return (*count > 0).then_some(Gpus::Count(*count)),
        [Part::Number(number)] => {
            let number = *number;
            let counts = match group {
                [Part::Gpu, ..] => false,
                [_, Part::Gpu] => true,
                _ => bare == Bare::Count,
            };
            return match counts {
                true => (number > 0).then_some(Gpus::Count(number)),
                false => Some(Gpus::Indices(vec![number])),
            };
        }
        _ => {}
    }
    for part in numbers {
        match part {
            Part::Number(number) => {
                indices.insert(*number);
            }
            Part::Indices(from, to) => indices.extend(*from..=*to),
            _ => return None,
        }
    }
    Some(Gpus::Indices(indices.into_iter().collect()))
}

fn parts(text: &str) -> Option<Vec<Part>> {
    let mut text = text.to_owned();
    for (from, to) in [
        ("–", "-"),
        ("—", "-"),
        ("−", "-"),
        ("..", "-"),
        ("×", "x"),
        (" to ", "-"),
        (" bis ", "-"),
        (" - ", "-"),
        (" -", "-"),
        ("- ", "-"),
        (" :", ":"),
    ] {
        text = text.replace(from, to);
    }
    let mut parts = Vec::new();
    for word in text.split(|ch: char| ch.is_whitespace() || ",;&+()[]#".contains(ch)) {
        if word.is_empty() || word == "." {
            continue;
        }
        if let Some(named) = with_node(word) {
            parts.extend(named?);
        } else {
            word_parts(word.trim_end_matches(['.', ':']), &mut parts)?;
        }
        if parts.len() > 64 {
            return None;
        }
    }
    Some(parts)
}

/// `node-1:0-3`, `gpu-a/3`; `None` where no node stands before a colon or slash.
fn with_node(word: &str) -> Option<Option<Vec<Part>>> {
    let (left, right) = word.rsplit_once(':').or_else(|| word.rsplit_once('/'))?;
    if left.is_empty() || right.is_empty() && !word.ends_with(':') {
        return None;
    }
    let mut before = Vec::new();
    let is_gpu = word_parts(left, &mut before).is_some()
        && !matches!(before[..], [Part::Node(_)] | [Part::Indices(..)])
        || gpu_number(&left.to_lowercase()).is_some_and(|_| word.contains('/'));
    if is_gpu || !left.chars().any(char::is_alphabetic) {
        if GPU.contains(&left.to_lowercase().as_str()) {
            let mut parts = vec![Part::Gpu];
            return Some(word_parts(right, &mut parts).map(|()| parts));
        }
        // `0/1`, `GPU0/GPU1`
        let mut parts = Vec::new();
        for one in word.split([':', '/']) {
            if word_parts(one, &mut parts).is_none() {
                return Some(None);
            }
        }
        return Some(Some(parts));
    }
    let mut parts = vec![Part::Node(left.to_owned())];
    if right.is_empty() {
        return Some(Some(parts));
    }
    let mut items = Vec::new();
    let read = word_parts(right, &mut items);
    // Behind a node a number is one of its GPUs.
    parts.extend(items.into_iter().map(|item| match item {
        Part::Number(number) => Part::Indices(number, number),
        other => other,
    }));
    let named = parts[1..].iter().any(|part| matches!(part, Part::Node(_)));
    Some(read.filter(|()| !named).map(|()| parts))
}

fn word_parts(word: &str, parts: &mut Vec<Part>) -> Option<()> {
    let lower = word.to_lowercase();
    if lower.is_empty() || EMPTY.contains(&lower.as_str()) {
        return Some(());
    }
    if GPU.contains(&lower.as_str()) {
        parts.push(Part::Gpu);
        return Some(());
    }
    if ALL.contains(&lower.as_str()) {
        parts.push(Part::All);
        return Some(());
    }
    if let Some(number) = number(&lower) {
        parts.push(Part::Number(number));
        return Some(());
    }
    if lower == "x" {
        // `4 x H100`
        if let Some(Part::Number(count)) = parts.last().cloned() {
            parts.pop();
            parts.push(Part::Count(count));
        }
        return Some(());
    }
    let count = lower.strip_suffix('x').or_else(|| lower.strip_prefix('x'));
    let count = count.or_else(|| GPU.iter().find_map(|gpu| lower.strip_suffix(gpu)));
    // `4xH100`
    let count = count.or_else(|| {
        let (count, model) = lower.split_once('x')?;
        EMPTY.contains(&model).then_some(count)
    });
    if let Some(count) = count.and_then(number) {
        parts.push(Part::Count(count));
        return Some(());
    }
    if let Some(index) = gpu_number(&lower) {
        parts.push(Part::Indices(index, index));
        return Some(());
    }
    if let Some((from, to)) = lower.split_once('-') {
        let read = |text: &str| number(text).or_else(|| gpu_number(text));
        if let (Some(from), Some(to)) = (read(from), read(to)) {
            // The other way round nobody knows what is meant.
            let fits = from <= to;
            parts.push(Part::Indices(from, to));
            return fits.then_some(());
        }
    }
    if !word.chars().any(char::is_alphabetic) {
        return None;
    }
    parts.push(Part::Node(word.to_owned()));
    Some(())
}

/// `gpu3`, `gpu-3`, `g3`.
fn gpu_number(word: &str) -> Option<u32> {
    let rest = GPU.iter().find_map(|gpu| word.strip_prefix(gpu));
    let rest = rest.or_else(|| word.strip_prefix('g'))?;
    number(rest.trim_start_matches(['-', '_', ':']))
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u32> = digits.then(|| text.parse().ok()).flatten();
    number.filter(|number| *number <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, bare: Bare) -> String {
        let Some(places) = places(text, bare) else {
            return "?".to_owned();
        };
        let place = |place: &Place| {
            let gpus = match &place.gpus {
                Gpus::All => "all".to_owned(),
                Gpus::Count(count) => format!("{count}x"),
                Gpus::Indices(indices) => {
                    let all: Vec<String> = indices.iter().map(u32::to_string).collect();
                    all.join(",")
                }
            };
            match &place.node {
                Some(node) => format!("{node}:{gpus}"),
                None => gpus,
            }
        };
        places.iter().map(place).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn cells_are_read() {
        for (text, is) in [
            ("0-3", "0,1,2,3"),
            ("0 – 3", "0,1,2,3"),
            ("0 to 3", "0,1,2,3"),
            ("0,1,2", "0,1,2"),
            ("0/1", "0,1"),
            ("GPU0 & GPU1", "0,1"),
            ("GPU 0, GPU 1", "0,1"),
            ("GPUs 0-3", "0,1,2,3"),
            ("gpu0-gpu3", "0,1,2,3"),
            ("0 and 1", "0,1"),
            ("all", "all"),
            ("Alle GPUs", "all"),
            ("4x", "4x"),
            ("x4", "4x"),
            ("4 x H100", "4x"),
            ("4xH100", "4x"),
            ("4 GPUs", "4x"),
            ("8", "8x"),
            ("GPU 4", "4"),
            ("node1:0-3", "node1:0,1,2,3"),
            ("node1: 0,2", "node1:0,2"),
            ("gpu-a/3", "gpu-a:3"),
            ("node-1:0-3; node-2:0,1", "node-1:0,1,2,3 node-2:0,1"),
            ("node-1", "node-1:all"),
            ("node-1 all", "node-1:all"),
            ("4 GPUs on node-1", "node-1:4x"),
            ("node-1 (0-3)", "node-1:0,1,2,3"),
            ("3-0", "?"),
            ("", "?"),
            ("4x, 0-3", "?"),
            ("0x", "?"),
            ("99999", "?"),
        ] {
            assert_eq!(said(text, Bare::Count), is, "{text}");
        }
        assert_eq!(said("8", Bare::Index), "8");
    }

    #[test]
    fn a_number_means_what_the_column_says() {
        let of = |heading: &str, cells: &[&str]| Bare::of(heading, cells);
        assert_eq!(of("# GPUs", &["0", "1"]), Bare::Count);
        assert_eq!(of("Anzahl GPUs", &["4"]), Bare::Count);
        assert_eq!(of("GPU ID", &["4"]), Bare::Index);
        assert_eq!(of("GPUs", &["4", "8"]), Bare::Count);
        assert_eq!(of("GPUs", &["4", "0-3"]), Bare::Index);
        assert_eq!(of("GPUs", &["0", "4"]), Bare::Index);
        assert_eq!(of("GPU", &["4", "2"]), Bare::Index);
        assert_eq!(of("GPU", &["4", "2x"]), Bare::Count);
        // A whole node says nothing of numbers.
        assert_eq!(of("GPUs", &["4", "all"]), Bare::Count);
    }
}
