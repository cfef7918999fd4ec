//! The scenarios of the examples: each is read whole, in every environment.

#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // All of it is tests.

use std::fs;
use std::path::Path;
use std::process::Command;

/// An example, its environments, the files it is read with, and some of the
/// steps that it must have.
type Example = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const EXAMPLES: [Example; 3] = [
    (
        "orchestra",
        &["production"],
        &[
            ("docker-compose.prod.yml", "services: {}\n"),
            (".env.production", "ADMIN_PASSWORD=of-the-example\n"),
        ],
        &["login", "GET /api/milestones", "the database"],
    ),
    (
        "mssante",
        &["staging", "production"],
        &[
            ("docker-compose.yml", "services: {}\n"),
            ("docker-compose.staging.yml", "services: {}\n"),
            ("docker-compose.prod.yml", "services: {}\n"),
            (
                ".env",
                "DOMAIN=staging.mssante.example\nADMIN_PASSWORD=of-the-example\n",
            ),
        ],
        &[
            "api answers",
            "smtp",
            "imap",
            "tls",
            "GET /api/v1/mailboxes",
        ],
    ),
    (
        "scorpius",
        &[],
        &[
            ("docker-compose.prod.yml", "services: {}\n"),
            (".env.prod", ""),
        ],
        &["GET /api/v1/docs", "register", "login"],
    ),
];

#[test]
fn each_scenario_is_read() {
    for (name, envs, files, steps) in EXAMPLES {
        let folder = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../examples")
            .join(name);
        fs::copy(
            from.join("sextant.toml"),
            folder.path().join("sextant.toml"),
        )
        .unwrap();
        for (file, content) in files {
            fs::write(folder.path().join(file), content).unwrap();
        }
        for env in envs.iter().map(Some).chain([None]) {
            let mut command = Command::new(env!("CARGO_BIN_EXE_smoketest"));
            command.args(["--dry-run", "--format", "ndjson", "--no-input"]);
            command.args(env.iter().flat_map(|env| ["--env", **env]));
            command.current_dir(folder.path());
            command.env("SEXTANT_STATE", folder.path().join("state"));
            let shown = command.output().unwrap();
            let said = String::from_utf8_lossy(&shown.stderr);
            assert!(shown.status.success(), "{name} {env:?}: {said}");
            let lines = String::from_utf8(shown.stdout).unwrap();
            for step in steps {
                let named = format!("\"name\":\"{step}\"");
                assert!(lines.contains(&named), "{name} has no `{step}`: {lines}");
            }
        }
    }
}
