//! Uploaded folders, carried to a host before the first job there that runs in one.

use std::collections::BTreeMap;

/// How it is with a package and one host, as far as one connection knows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Carry {
    UnderWay,
    There,
    Failed(String),
}

/// Packages by their sha256.
#[derive(Debug, Default)]
pub(super) struct Packages {
    known: BTreeMap<String, Carry>,
    wanted: Vec<String>,
}

impl Packages {
    /// How it is with this one; from now on it is wanted, if it was not before.
    pub(super) fn want(&mut self, sha256: &str) -> &Carry {
        let wanted = &mut self.wanted;
        self.known.entry(sha256.to_owned()).or_insert_with(|| {
            wanted.push(sha256.to_owned());
            Carry::UnderWay
        })
    }

    /// Those that are to be carried now.
    pub(super) fn to_carry(&mut self) -> Vec<String> {
        std::mem::take(&mut self.wanted)
    }

    pub(super) fn arrived(&mut self, sha256: String, result: Result<(), String>) {
        let carry = result.map_or_else(Carry::Failed, |()| Carry::There);
        self.known.insert(sha256, carry);
    }

    /// The next job tries again.
    pub(super) fn forget(&mut self, sha256: &str) {
        self.known.remove(sha256);
    }
}

/// For `sh`: says the hash of the package if it is there; `folder` is the agent's.
pub(super) fn look(folder: &str, sha256: &str) -> String {
    format!("if [ -e \"{folder}/packages/{sha256}.tar.gz\" ]; then echo hash={sha256}; fi")
}

/// For `sh`: takes it from standard input, says the hash of what arrived, and keeps it only if that
/// is right.
pub(super) fn receive(folder: &str, sha256: &str) -> String {
    format!(
        "umask 077; d=\"{folder}/packages\"; mkdir -p \"$d\" && t=\"$d/{sha256}.new.$$\" && \
         cat > \"$t\" && h=$(sha256sum < \"$t\" | cut -c1-64) && echo hash=$h && \
         if [ \"$h\" = {sha256} ]; then mv \"$t\" \"$d/{sha256}.tar.gz\"; else rm -f \"$t\"; fi"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_carried_once_and_again_after_a_failure() {
        let mut packages = Packages::default();
        assert_eq!(packages.want("a"), &Carry::UnderWay);
        assert_eq!(packages.want("a"), &Carry::UnderWay);
        assert_eq!(packages.to_carry(), ["a"]);
        assert!(packages.to_carry().is_empty());
        packages.arrived("a".to_owned(), Err("no space".to_owned()));
        assert_eq!(packages.want("a"), &Carry::Failed("no space".to_owned()));
        packages.forget("a");
        assert_eq!(packages.want("a"), &Carry::UnderWay);
        packages.arrived("a".to_owned(), Ok(()));
        assert_eq!(packages.want("a"), &Carry::There);
        assert_eq!(packages.to_carry(), ["a"]);
    }
}
