//! What comes before what: steps run one after the other, and groups side by
//! side where their file says so.

use super::Step;

impl Step {
    /// The group that runs beside others, where this step is in one.
    fn lane(&self) -> Option<&str> {
        let group = self.group.as_deref();
        group.filter(|_| self.shared.is_parallel && !self.is_cleanup)
    }
}

/// For each step, the ones that must have ended before it: those just before it
/// in its own order. Cleanup comes after all others.
pub(crate) fn after(steps: &[&Step]) -> Vec<Vec<usize>> {
    let mut after = Vec::new();
    // The last steps of what came before, and of each group beside this one.
    let mut before: Vec<usize> = Vec::new();
    let mut lanes: Vec<(&str, usize)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match step.lane() {
            None => {
                if !lanes.is_empty() {
                    before = lanes.drain(..).map(|(_, last)| last).collect();
                }
                after.push(std::mem::replace(&mut before, vec![at]));
            }
            Some(group) => {
                let beside = lanes.iter_mut().find(|(known, _)| *known == group);
                if let Some((_, last)) = beside {
                    after.push(vec![std::mem::replace(last, at)]);
                } else {
                    lanes.push((group, at));
                    after.push(before.clone());
                }
            }
        }
    }
    after
}

/// For each step, whether another has surely ended before it.
pub(super) fn is_before(after: &[Vec<usize>], first: usize, then: usize) -> bool {
    let mut next = vec![then];
    let mut seen = vec![false; after.len()];
    while let Some(at) = next.pop() {
        for &before in &after[at] {
            if before == first {
                return true;
            }
            if !std::mem::replace(&mut seen[before], true) {
                next.push(before);
            }
        }
    }
    false
}
