//! The hosts that `~/.ssh/config` names.

use std::collections::BTreeSet;

/// Names after `Host`, without patterns: these are no hosts but rules for many.
pub(crate) fn hosts(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| {
        let line = line.trim_start();
        let (keyword, rest) = line.split_once([' ', '\t', '='])?;
        keyword.eq_ignore_ascii_case("host").then_some(rest)
    });
    let names = names.flat_map(|rest| rest.split([' ', '\t', '=', '"']));
    let mut known = BTreeSet::new();
    names
        .filter(|name| !name.is_empty() && !name.contains(['*', '?', '!', '#']))
        .filter(|name| known.insert((*name).to_owned()))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hosts_and_patterns_are_not() {
        let text = "\
# Host commented
Host gpu1 gpu2
    HostName 10.0.0.1
  host=gpu3
Host *.example.org !bad
Host \"gpu 4\" gpu1
HostKeyAlgorithms ssh-ed25519
Match host x
";
        assert_eq!(hosts(text), ["gpu1", "gpu2", "gpu3", "gpu", "4"]);
        assert_eq!(hosts(""), [""; 0]);
    }
}
