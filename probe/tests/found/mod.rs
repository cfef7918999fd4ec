//! What comes of a `[[check]]` that is written in a file.

use probe::{Around, Check, Deadline, Finding};
use std::path::Path;
use std::time::Duration;
use toolkit::config::{Config, Source};
use toolkit::failure::Failure;

/// Runs the check whose keys, beside its name, are `toml`, in `folder`.
pub(crate) fn found(folder: &Path, toml: &str) -> Finding {
    let text = format!("[[check]]\nname = 'it'\n{toml}\n");
    toolkit::durable::write(&folder.join("sextant.toml"), text.as_bytes()).unwrap();
    let source = Source {
        folder: folder.to_owned(),
        ..Source::default()
    };
    let config = Config::load(&source).unwrap();
    let checks = config.entries("check", |mut entry| Check::read(&mut entry));
    let check = checks
        .unwrap_or_else(|error| panic!("{toml}: {error}"))
        .remove(0);
    let none = Failure::new("no_stack", "no application");
    let around = Around::new(
        &config,
        Err(&none),
        Deadline::after(Duration::from_secs(60)),
    );
    check.run(&around)
}

/// How a check that cannot be meant is refused.
pub(crate) fn refused(toml: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[[check]]\nname = 'it'\n{toml}\n");
    toolkit::durable::write(&folder.path().join("sextant.toml"), text.as_bytes()).unwrap();
    let source = Source {
        folder: folder.path().to_owned(),
        ..Source::default()
    };
    let config = Config::load(&source).unwrap();
    let checks = config.entries("check", |mut entry| Check::read(&mut entry));
    let message = Failure::of(&checks.unwrap_err()).message;
    let place = message.find("sextant.toml:").unwrap();
    message[place..].to_owned()
}
