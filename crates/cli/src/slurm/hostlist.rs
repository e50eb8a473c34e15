//! Lists of hosts as Slurm writes them: `node-[1-3,5],login`.

use std::collections::BTreeMap;

/// More is a slip of the keyboard.
const MOST: usize = 4096;

/// The hosts of a list.
pub fn expand(text: &str) -> Result<Vec<String>, String> {
    let refuse = || format!("'{text}' is not a list of nodes: write a, b, or node-[1-3,5]");
    let mut hosts = vec![];
    for part in split(text).ok_or_else(refuse)? {
        let mut made = vec![String::new()];
        let mut rest = part;
        while let Some((before, after)) = rest.split_once('[') {
            let (inside, behind) = after.split_once(']').ok_or_else(refuse)?;
            let values = numbers(inside).ok_or_else(refuse)?;
            if made.len() * values.len() > MOST {
                return Err(format!("'{text}' names more than {MOST} nodes"));
            }
            let with = |one: &String| {
                let one = format!("{one}{before}");
                values.iter().map(move |value| format!("{one}{value}"))
            };
            made = made.iter().flat_map(with).collect();
            rest = behind;
        }
        hosts.extend(made.into_iter().map(|one| format!("{one}{rest}")));
    }
    if hosts.iter().any(String::is_empty) {
        return Err(refuse());
    }
    Ok(hosts)
}

/// At the commas outside of brackets.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut from, mut inside) = (vec![], 0, false);
    for (at, ch) in text.char_indices() {
        match ch {
            '[' if inside => return None,
            '[' => inside = true,
            ']' if !inside => return None,
            ']' => inside = false,
            ',' if !inside => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    (!inside).then_some(parts)
}

/// `01-03,7`: zeros in front stay.
fn numbers(text: &str) -> Option<Vec<String>> {
    let mut all = vec![];
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let wide = from.len();
        let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
        if to < from || to as usize - from as usize >= MOST {
            return None;
        }
        all.extend((from..=to).map(|number| format!("{number:0wide$}")));
    }
    Some(all)
}

/// The shortest list of these hosts, in the order in which their kinds come first.
pub fn compress<'a>(hosts: impl IntoIterator<Item = &'a str>) -> String {
    let mut order: Vec<(&str, usize)> = vec![];
    let mut found: BTreeMap<(&str, usize), Vec<u32>> = BTreeMap::new();
    for host in hosts {
        let stem = host.trim_end_matches(|ch: char| ch.is_ascii_digit());
        let digits = &host[stem.len()..];
        let number = digits.parse::<u32>();
        // Only numbers with zeros in front have to be of one width.
        let wide = if digits.starts_with('0') && digits.len() > 1 {
            digits.len()
        } else {
            0
        };
        let (key, number) = match number {
            Ok(number) => ((stem, wide), Some(number)),
            Err(_) => ((host, usize::MAX), None),
        };
        if !found.contains_key(&key) {
            order.push(key);
        }
        found.entry(key).or_default().extend(number);
    }
    let one = |key: &(&str, usize)| {
        let (stem, wide) = *key;
        let mut numbers = found.get(key).cloned().unwrap_or_default();
        numbers.sort_unstable();
        numbers.dedup();
        match numbers.as_slice() {
            [] => stem.to_owned(),
            [number] => format!("{stem}{number:0wide$}"),
            several => format!("{stem}[{}]", runs(several, wide)),
        }
    };
    order.iter().map(one).collect::<Vec<_>>().join(",")
}

fn runs(numbers: &[u32], wide: usize) -> String {
    let mut runs: Vec<(u32, u32)> = vec![];
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run = |(from, to): &(u32, u32)| {
        if from == to {
            format!("{from:0wide$}")
        } else {
            format!("{from:0wide$}-{to:0wide$}")
        }
    };
    runs.iter().map(run).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_expanded_and_written_short_again() {
        for (short, hosts) in [
            ("node-1", "node-1"),
            ("node-[1-3,5]", "node-1 node-2 node-3 node-5"),
            ("a,b", "a b"),
            ("n[08-11]", "n08 n09 n10 n11"),
            ("gpu-[1-2],login", "gpu-1 gpu-2 login"),
        ] {
            let expanded = expand(short).unwrap();
            assert_eq!(expanded.join(" "), hosts);
            if short != "n[08-11]" {
                assert_eq!(compress(hosts.split(' ')), short);
            }
        }
        assert_eq!(
            expand("r[1-2]n[1-2]").unwrap().join(" "),
            "r1n1 r1n2 r2n1 r2n2"
        );
    }

    #[test]
    fn what_is_no_list_is_said() {
        for text in ["", "a,", "n[1-", "n]1[", "n[3-1]", "n[x]", "n[0-99999999]"] {
            assert!(expand(text).is_err(), "{text}");
        }
    }
}
