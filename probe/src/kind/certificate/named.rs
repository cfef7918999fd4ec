//! The files that a check names, by themselves or by a pattern.

use super::{shown, unreadable};
use crate::{Around, Report, aside};
use anyhow::Result;
use glob::{MatchOptions, Pattern};
use std::path::{Path, PathBuf};
use toolkit::failure::Failure;

/// The most files that a pattern may name.
const MOST: usize = 1000;

/// Whether `file` stands for all files that look like it.
pub(super) fn is_pattern(file: &Path) -> bool {
    file.to_str()
        .is_some_and(|text| text.contains(['*', '?', '[']))
}

/// What is wrong with a pattern.
pub(super) fn mistake(file: &Path) -> Option<String> {
    let wrong = Pattern::new(file.to_str()?).err()?;
    Some(format!("{} is no pattern: {}", shown(file), wrong.msg))
}

/// The files, sorted. A pattern that no file matches is a fault: it may be
/// misspelt, and then nothing was looked at.
///
/// # Errors
/// `certificate_many` when a pattern names more than [`MOST`]; `timeout`.
pub(super) fn files(
    written: &[PathBuf],
    around: &Around<'_>,
    report: &mut Report,
) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for file in written {
        if !is_pattern(file) {
            all.push(file.clone());
            continue;
        }
        let root = around.config.root.clone();
        let pattern = file.clone();
        // A tree may be large, and a file system over a network gone.
        let found = aside::ask(around.deadline, move || matching(&root, &pattern))?;
        if found.is_empty() {
            let message = format!("no file is called {}", shown(file));
            report.fault(unreadable(&message, None));
        }
        all.extend(found);
    }
    Ok(all)
}

fn matching(root: &Path, pattern: &Path) -> Result<Vec<PathBuf>> {
    // The folder's own name is none of the pattern.
    let escaped = Pattern::escape(&root.to_string_lossy());
    let whole = Path::new(&escaped).join(pattern);
    let options = MatchOptions {
        require_literal_separator: true,
        require_literal_leading_dot: true,
        ..MatchOptions::new()
    };
    let found = glob::glob_with(&whole.to_string_lossy(), options)?;
    // A folder that may not be read may hold a certificate that has expired.
    let found: Vec<_> = found.take(MOST + 1).collect::<Result<_, _>>()?;
    if found.len() > MOST {
        let message = format!("more than {MOST} files are called {}", shown(pattern));
        return Err(Failure::new("certificate_many", message).into());
    }
    let short = |path: PathBuf| path.strip_prefix(root).map(Path::to_owned).unwrap_or(path);
    Ok(found.into_iter().map(short).collect())
}
