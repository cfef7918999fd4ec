//! One check, as `sextant.toml` describes it, run once.

use probe::{Around, Check, Deadline, Finding};
use std::time::Duration;
use toolkit::config::{Config, Source};
use toolkit::failure::Failure;
use toolkit::record::Status;

/// Runs a check of this kind with these further lines.
pub(crate) fn look(kind: &str, lines: &str) -> Finding {
    let (config, check) = read(kind, lines).unwrap_or_else(|failure| panic!("{failure}"));
    let none = Failure::new("none", "there is no application");
    let long = Deadline::after(Duration::from_secs(600));
    check.run(&Around::new(&config, Err(&none), long))
}

/// Why a check of this kind with these further lines is refused.
pub(crate) fn refused(kind: &str, lines: &str) -> String {
    match read(kind, lines) {
        Ok((_, check)) => panic!("not refused: {check:?}"),
        Err(failure) => failure.message,
    }
}

fn read(kind: &str, lines: &str) -> Result<(Config, Check), Failure> {
    let folder = tempfile::tempdir().unwrap();
    let toml = format!("[[check]]\nname = 'a'\nkind = '{kind}'\n{lines}\n");
    toolkit::durable::write(&folder.path().join("sextant.toml"), toml.as_bytes()).unwrap();
    let source = Source {
        folder: folder.path().to_owned(),
        ..Source::default()
    };
    let config = Config::load(&source).unwrap();
    let checks = config.entries("check", |mut entry| Check::read(&mut entry));
    let mut checks = checks.map_err(|error| Failure::of(&error))?;
    Ok((config, checks.remove(0)))
}

/// What tests ask of a finding.
pub(crate) trait Told {
    /// All that is wrong, the worst first, as `status reason`.
    fn told(&self) -> Vec<String>;

    /// Fails, and shows it, unless all is well.
    fn is_well(&self);
}

impl Told for Finding {
    fn told(&self) -> Vec<String> {
        let first = self
            .reason
            .map(|reason| format!("{} {reason}", self.status.word()));
        let also = self.also.iter().map(|fault| {
            let level = format!("{:?}", fault.level).to_lowercase();
            format!("{level} {}", fault.reason)
        });
        first.into_iter().chain(also).collect()
    }

    fn is_well(&self) {
        assert_eq!(self.status, Status::Ok, "{self:#?}");
        assert!(!self.observed.is_empty(), "{self:#?}");
    }
}
