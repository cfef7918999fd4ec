//! What there is to save, and what of it is asked for.

use crate::cli::Args;
use crate::database;
use anyhow::Result;
use std::path::PathBuf;
use toolkit::application::{Application, Postgres};
use toolkit::config::{Compression, Config};
use toolkit::failure::Failure;
use toolkit::{postgres, redis};

/// One part to be saved.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The part's name in the set.
    pub(crate) name: String,
    /// Its file's name in the set.
    pub(crate) file: String,
    pub(crate) source: Source,
}

/// Where a part comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Database {
        server: postgres::Server,
        database: String,
    },
    Globals {
        server: postgres::Server,
        database: String,
    },
    Redis {
        server: redis::Server,
    },
    Files {
        roots: Vec<PathBuf>,
        base: PathBuf,
        exclude: Vec<String>,
    },
}

/// The parts that are asked for, in the order in which they are saved.
///
/// # Errors
/// `unknown_part` naming those that there are; `nothing_to_save`; whatever
/// keeps a server that was found from being reached.
pub(crate) fn plan(
    args: &Args,
    config: &Config,
    application: &Application<'_>,
    method: Compression,
) -> Result<Vec<Planned>> {
    let wanted = wanted(args, config);
    let asked = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let mut parts = Vec::new();
    if let Some(postgres) = application.postgres()? {
        if asked("database") {
            parts.extend(databases(args, config, &postgres, method)?);
        }
        if asked("globals") {
            let source = Source::Globals {
                server: postgres.server,
                database: postgres.database,
            };
            parts.push(Planned {
                name: "globals".into(),
                file: format!("globals.sql{}", ending(method)),
                source,
            });
        }
    }
    if asked("redis")
        && let Some(redis) = application.redis()?
    {
        let source = Source::Redis {
            server: redis.server,
        };
        parts.push(Planned {
            name: "redis".into(),
            file: "redis.rdb".into(),
            source,
        });
    }
    parts.extend(
        files(config, application, method)?
            .into_iter()
            .filter(|part| asked(&part.name)),
    );
    for wanted in &wanted {
        let found = parts
            .iter()
            .any(|part| part.name == *wanted || part.kind() == wanted);
        if !found {
            return Err(unknown(wanted, config).into());
        }
    }
    if parts.is_empty() {
        let folder = config.root.display();
        return Err(Failure::not_started("nothing_to_save", format!("there is nothing to save for `{folder}`"))
            .hint("start `backup` in the folder of the Compose file, set `DATABASE_URL`, or write a sextant.toml")
            .into());
    }
    Ok(parts)
}

impl Planned {
    /// What kind of thing it is, in the words of the command line.
    pub(crate) fn kind(&self) -> &'static str {
        match self.source {
            Source::Database { .. } => "database",
            Source::Globals { .. } => "globals",
            Source::Redis { .. } => "redis",
            Source::Files { .. } => "files",
        }
    }
}

/// The parts that are named, on the command line or in sextant.toml; none
/// stands for all.
fn wanted(args: &Args, config: &Config) -> Vec<String> {
    let configured = || config.file.backup.parts.clone().unwrap_or_default();
    match (&args.flat, args.parts.is_empty()) {
        (Some(_), true) => vec!["database".into()],
        (None, true) => configured(),
        (_, false) => args.parts.clone(),
    }
}

fn databases(
    args: &Args,
    config: &Config,
    postgres: &Postgres,
    method: Compression,
) -> Result<Vec<Planned>> {
    let settings = &config.file.database;
    let listed = if args.database.is_empty() {
        settings.names.clone().unwrap_or_default()
    } else {
        args.database.clone()
    };
    let all = args.all_databases || (args.database.is_empty() && settings.all == Some(true));
    let names = match (all, listed.is_empty()) {
        (true, _) => database::list(&postgres.server, &postgres.database)?,
        (false, false) => listed,
        (false, true) => vec![postgres.database.clone()],
    };
    let alone = names.len() == 1 && !all;
    let part = |database: String| {
        // One database is `database`; several carry their own names, made safe
        // for a file's name without two of them becoming one.
        let name = if alone {
            "database".to_owned()
        } else {
            format!("database-{}", file_safe(&database))
        };
        Planned {
            file: format!("{name}.sql{}", ending(method)),
            source: Source::Database {
                server: postgres.server.clone(),
                database,
            },
            name,
        }
    };
    Ok(names.into_iter().map(part).collect())
}

fn files(
    config: &Config,
    application: &Application<'_>,
    method: Compression,
) -> Result<Vec<Planned>> {
    let part = |name: &str, roots, exclude| Planned {
        name: name.to_owned(),
        file: format!("{name}.tar{}", ending(method)),
        source: Source::Files {
            roots,
            base: config.root.clone(),
            exclude,
        },
    };
    let configured = &config.file.config.paths;
    let roots = if configured.is_empty() {
        application.stack.config_paths()?
    } else {
        configured.iter().map(|path| config.resolve(path)).collect()
    };
    let mut parts = Vec::new();
    if !roots.is_empty() {
        parts.push(part("config", roots, Vec::new()));
    }
    for (name, entry) in &config.file.files {
        parts.push(part(
            name,
            vec![config.resolve(&entry.path)],
            entry.exclude.clone(),
        ));
    }
    Ok(parts)
}

fn unknown(wanted: &str, config: &Config) -> Failure {
    let names = config.file.files.keys().map(String::as_str);
    let names: Vec<_> = ["database", "globals", "redis", "config"]
        .into_iter()
        .chain(names)
        .collect();
    if names.contains(&wanted) {
        return Failure::not_started("no_such_part", format!("there is no `{wanted}` to save"))
            .hint("start `backup` in the folder of the Compose file, or say in sextant.toml where it is");
    }
    Failure::not_started("unknown_part", format!("`{wanted}` is no part")).hint(format!(
        "the parts are {}; files of your own are `[files]` entries of sextant.toml",
        names.join(", ")
    ))
}

fn ending(method: Compression) -> &'static str {
    match method {
        Compression::Gzip(_) => ".gz",
        Compression::Zstd(_) => ".zst",
    }
}

/// A database's name as part of a file's name: letters, digits, `_`, `-` and
/// inner dots as they are, every other byte as `%XX`.
fn file_safe(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    name.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_databases_share_a_file() {
        assert_eq!(file_safe("orchestr_a-2"), "orchestr_a-2");
        assert_eq!(file_safe("../a b"), "%2E%2E%2Fa%20b");
        assert_ne!(file_safe("a%20b"), file_safe("a b"));
    }
}
