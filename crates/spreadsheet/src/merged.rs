//! Merged cells: a sheet writes the value once, and what was below it is blank in the CSV.

/// Whether a column's blanks mean the same as above: it begins with a value, blanks are many, and no
/// value stands twice below itself, as it would where nothing is merged.
pub(crate) fn is_merged(cells: &[&str]) -> bool {
    let blanks = cells.iter().filter(|cell| cell.is_empty()).count();
    let begins = cells.first().is_some_and(|cell| !cell.is_empty());
    let twice = cells
        .windows(2)
        .any(|pair| !pair[0].is_empty() && pair[0] == pair[1]);
    begins && !twice && blanks >= 2 && blanks * 4 >= cells.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_columns_are_told_from_forgotten_cells() {
        assert!(is_merged(&["node-1", "", "", "node-2", ""]));
        assert!(!is_merged(&["node-1", "node-1", "", "node-2", "", ""]));
        assert!(!is_merged(&["ana", "bo", "", "ana", "kim", "wei"]));
        assert!(!is_merged(&["", "ana", "", ""]));
        assert!(!is_merged(&[]));
    }
}
