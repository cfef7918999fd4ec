//! The names that a history holds, each once.

use std::collections::HashMap;

/// The most names that are kept. Those of a history are a few dozen.
const MOST: usize = 1024;
/// The most bytes of one that are kept.
const LONGEST: usize = 512;

/// A name's number.
pub(super) type Id = u16;

/// Names by number and numbers by name.
#[derive(Debug, Default)]
pub(super) struct Names {
    ids: HashMap<Box<str>, Id>,
    names: Vec<Box<str>>,
}

impl Names {
    /// The number of `name`; none where there are too many already.
    pub(super) fn id(&mut self, name: &str) -> Option<Id> {
        let name = cut(name, LONGEST);
        if let Some(id) = self.ids.get(name) {
            return Some(*id);
        }
        let id = Id::try_from(self.names.len()).ok()?;
        if self.names.len() >= MOST {
            return None;
        }
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        Some(id)
    }

    /// The name of this number.
    pub(super) fn name(&self, id: Id) -> &str {
        self.names.get(usize::from(id)).map_or("", AsRef::as_ref)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}

/// The beginning of `text`, of at most `most` bytes.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev();
    let end = end.into_iter().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_end_of_names_that_somebody_makes_up() {
        let mut names = Names::default();
        let all: Vec<_> = (0..5000).map(|n| names.id(&format!("{n}"))).collect();
        assert_eq!(all.iter().flatten().count(), MOST);
        assert_eq!(names.id("7"), Some(7));
        let long = "é".repeat(LONGEST);
        let mut names = Names::default();
        let id = names.id(&long).unwrap();
        assert_eq!(names.name(id).len(), LONGEST);
        assert_eq!(names.id(&long), Some(id));
    }
}
