//! The bodies that failed steps were answered with, kept in a folder.

use crate::act::Done;
use crate::scenario::Step;
use std::path::{Path, PathBuf};
use toolkit::durable;
use toolkit::failure::Failure;
use toolkit::redact;

/// The longest name of a file, without its number and ending.
const LONGEST: usize = 60;

/// The folder, and what could not be kept in it.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: Option<PathBuf>,
    count: usize,
    problems: Vec<Failure>,
}

impl Kept {
    /// Makes the folder, where one is wanted.
    ///
    /// # Errors
    /// `record_folder`: why it cannot be made.
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self, Failure> {
        if let Some(folder) = folder {
            durable::create_folder(folder).map_err(|error| {
                let message = format!("no body could be kept: {error:#}");
                Failure::not_started("record_folder", message)
                    .hint("name a folder that can be made with `--record`")
            })?;
        }
        Ok(Self {
            folder: folder.map(Path::to_owned),
            count: 0,
            problems: Vec::new(),
        })
    }

    /// Keeps the body of a step that failed, without the secrets in it.
    pub(crate) fn keep(&mut self, step: &Step, done: &Done) {
        let Some((folder, body)) = self.folder.as_ref().zip(done.body.as_ref()) else {
            return;
        };
        if !done.has_failed || body.is_empty() {
            return;
        }
        self.count += 1;
        let path = folder.join(format!("{:02}-{}.body", self.count, plain(&step.name)));
        let text = String::from_utf8_lossy(body);
        if let Err(error) = durable::write(&path, redact::text(&text).as_bytes()) {
            let message = format!("cannot keep `{}`: {error:#}", path.display());
            self.problems.push(Failure::new("body_unwritten", message));
        }
    }

    /// What could not be kept, and why.
    pub(crate) fn problems(&self) -> &[Failure] {
        &self.problems
    }
}

/// A name that is safe as that of a file.
fn plain(name: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    let plain: String = name.chars().take(LONGEST).map(plain).collect();
    plain.trim_matches('-').to_owned()
}
