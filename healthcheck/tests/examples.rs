//! The examples: each is valid in every environment, and its README's tables
//! name all of its checks, and no other. So is the one in the project's README.

#![allow(clippy::unwrap_used, clippy::expect_used)] // All of it is tests.

use probe::Check;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use toolkit::config::{Config, Source};
use toolkit::testing::{Place, Seen};

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");

/// What stands in the check column where no check does the work.
const OTHERS: [&str; 8] = [
    "a person",
    "step ",
    "smoketest",
    "backup",
    "[alert]",
    "--wait",
    "--status-file",
    "found: ",
];

/// A folder of `examples/`, and what its user has beside it.
struct Example {
    name: &'static str,
    /// The environments that it has, beside none.
    envs: &'static [&'static str],
    compose: &'static [&'static str],
    services: &'static [(&'static str, &'static str)],
    variables: &'static [(&'static str, &'static str)],
}

const EXAMPLES: [Example; 5] = [
    Example {
        name: "dropit",
        envs: &[],
        compose: &["docker-compose.prod.yml"],
        services: &[("api", "dropit/api"), ("database", "postgres:16-alpine")],
        variables: &[(".env.production", "DB_PASSWORD=of-the-example")],
    },
    Example {
        name: "monopco",
        envs: &[],
        compose: &[],
        services: &[],
        variables: &[(
            ".env",
            "DATABASE_URL=postgres://monopco_user:of-the-example@localhost/monopco\n\
             RESEND_API_KEY=re_of_the_example\nPAPPERS_API_KEY=of-the-example\n",
        )],
    },
    Example {
        name: "mssante",
        envs: &["staging", "production"],
        compose: &[
            "docker-compose.yml",
            "docker-compose.staging.yml",
            "docker-compose.prod.yml",
        ],
        services: &[
            ("traefik", "traefik:v3"),
            ("api", "mssante/api"),
            ("frontend", "mssante/frontend"),
            ("postfix", "mssante/postfix"),
            ("dovecot", "mssante/dovecot"),
            ("postgres", "postgres:16"),
            ("redis", "redis:7"),
        ],
        variables: &[(
            ".env",
            "DOMAIN=staging.mssante.example\nSSL_CERT_PATH=/etc/ssl/igc-sante/cert.pem\n\
             SSL_KEY_PATH=/etc/ssl/igc-sante/key.pem\n",
        )],
    },
    Example {
        name: "orchestra",
        envs: &["production"],
        compose: &["docker-compose.prod.yml"],
        services: &[
            ("postgres", "postgres:18-alpine"),
            ("redis", "redis:7.4-alpine"),
            ("api", "orchestr-a/api"),
            ("web", "orchestr-a/web"),
            ("nginx", "nginx:alpine"),
        ],
        variables: &[(".env.production", "DATABASE_PASSWORD=of-the-example")],
    },
    Example {
        name: "scorpius",
        envs: &[],
        compose: &["docker-compose.prod.yml"],
        services: &[
            ("api", "scorpius/api"),
            ("postgres", "postgres:15"),
            ("redis", "redis:7-alpine"),
            ("nginx", "nginx:alpine"),
        ],
        variables: &[(".env.prod", "DB_PASSWORD=of-the-example")],
    },
];

impl Example {
    fn folder(&self) -> PathBuf {
        examples().join(self.name)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder().join(file)).unwrap()
    }

    /// The example in a folder where its application is deployed.
    fn deployed(&self) -> Place {
        let place = Place::new();
        place.write("sextant.toml", self.read("sextant.toml"));
        let services = self.services.iter();
        let services: Vec<_> = services
            .map(|(name, image)| format!("  {name}: {{ image: '{image}' }}\n"))
            .collect();
        for file in self.compose {
            place.write(file, format!("services:\n{}", services.concat()));
        }
        for (file, lines) in self.variables {
            place.write(file, lines);
        }
        place
    }

    /// Without an environment, and in each that it has.
    fn environments(&self) -> impl Iterator<Item = Option<&'static str>> {
        let named = self.envs.iter().copied().map(Some);
        std::iter::once(None).chain(named)
    }

    /// The names of the checks in `sextant.toml`, those that are off too.
    fn written(&self, place: &Place) -> BTreeSet<String> {
        let checks = self.environments().flat_map(|env| {
            let config = Config::load(&Source {
                folder: place.folder().to_owned(),
                env: env.map(str::to_owned),
                ..Source::default()
            });
            let checks = config
                .unwrap()
                .entries("check", |mut entry| Check::read(&mut entry));
            checks.unwrap()
        });
        checks.map(|check| check.name).collect()
    }

    /// The names that `--list` shows.
    fn listed(&self, place: &Place) -> BTreeSet<String> {
        let records = self.environments().flat_map(|env| {
            let mut command = place.tool(HEALTHCHECK);
            command.arg("--list").arg("--config").arg("sextant.toml");
            command.args(env.map(|env| format!("--env={env}")));
            Seen::run(&mut command).succeeded().records
        });
        let name = |record: serde_json::Value| record["name"].as_str().map(str::to_owned);
        records.filter_map(name).collect()
    }

    /// Whether a check is found where the application runs: its ports are known
    /// only then.
    fn is_found(&self, name: &str, listed: &BTreeSet<String>) -> bool {
        let of_port = match name.split(':').collect::<Vec<_>>()[..] {
            ["http" | "tcp" | "tls", service, port] => {
                port.parse::<u16>().is_ok() && self.services.iter().any(|(one, _)| *one == service)
            }
            _ => false,
        };
        of_port || listed.contains(name)
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// The second cell of each row of the tables whose column is called `check`.
fn cells(readme: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut is_ours = false;
    for line in readme.lines() {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        match columns[..] {
            ["", _, "check", ..] => is_ours = true,
            ["", what, cell, ..] if is_ours => {
                let is_heading = what.starts_with("**") || what.starts_with("---");
                if !is_heading {
                    cells.push(cell.to_owned());
                }
            }
            _ => is_ours = false,
        }
    }
    cells
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_folder_is_an_example() {
    let folders = fs::read_dir(examples()).unwrap();
    let folders: BTreeSet<_> = folders.map(|entry| entry.unwrap().file_name()).collect();
    let known = EXAMPLES.iter().map(|example| example.name.into());
    assert_eq!(folders, known.collect());
}

#[test]
fn the_tables_name_the_checks() {
    for example in &EXAMPLES {
        let place = example.deployed();
        let (written, listed) = (example.written(&place), example.listed(&place));
        let mut named = BTreeSet::new();
        for cell in cells(&example.read("README.md")) {
            let whose = format!("{}: {cell}", example.name);
            let is_other = OTHERS.iter().any(|other| cell.starts_with(other));
            assert!(is_other || cell.starts_with('`'), "{whose}");
            for name in quoted(&cell) {
                if cell.starts_with("found: ") {
                    assert!(example.is_found(name, &listed), "{whose}");
                } else {
                    assert!(written.contains(name), "{whose}");
                }
                named.insert(name.to_owned());
            }
        }
        let unnamed: Vec<_> = written.difference(&named).collect();
        assert!(unnamed.is_empty(), "{}: {unnamed:?}", example.name);
    }
}

#[test]
fn the_projects_readme_is_right() {
    let readme = include_str!("../../README.md");
    let (_, chapter) = readme.split_once("\n## healthcheck\n").unwrap();
    let (chapter, _) = chapter.split_once("\n## ").unwrap();
    let blocks = chapter.split("```toml\n").skip(1);
    let blocks: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    let place = Place::new();
    place.write("sextant.toml", blocks.concat());
    let seen = Seen::run(place.tool(HEALTHCHECK).args(["--list", "--env", "staging"]));
    let seen = seen.succeeded();
    let expects = |name: &str| {
        let record = seen.records.iter().find(|record| record["name"] == name);
        record.unwrap()["data"]["expects"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(expects("certificate").ends_with(" at staging.example.org:443"));
    assert_eq!(expects("secrets"), "JWT_SECRET set and sound");
}
