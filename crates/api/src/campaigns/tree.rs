//! The order of trials in a report: a tree, by what each goes on from.

use std::collections::BTreeMap;

use super::TrialView;

/// Each trial behind the one that it goes on from, with how deep it is.
#[must_use]
pub fn tree(trials: &[TrialView]) -> Vec<(usize, &TrialView)> {
    let mut children: BTreeMap<Option<u32>, Vec<&TrialView>> = BTreeMap::new();
    for trial in trials {
        children.entry(trial.parent).or_default().push(trial);
    }
    let mut ordered = Vec::with_capacity(trials.len());
    let mut open: Vec<(usize, &TrialView)> = Vec::new();
    let mut push = |open: &mut Vec<_>, depth: usize, of: Option<u32>| {
        let list = children.remove(&of).unwrap_or_default();
        open.extend(list.into_iter().rev().map(|trial| (depth, trial)));
    };
    push(&mut open, 0, None);
    while let Some((depth, trial)) = open.pop() {
        ordered.push((depth, trial));
        push(&mut open, depth + 1, Some(trial.number));
    }
    ordered
}
