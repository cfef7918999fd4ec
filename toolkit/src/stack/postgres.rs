//! How to enter a PostgreSQL container.

use super::docker;
use super::inspect::Container;
use crate::redact;
use anyhow::Result;

/// A PostgreSQL container, and whom to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresAt {
    /// The container.
    pub container: Container,
    /// The superuser that its image created.
    pub user: String,
    /// Their password; inside the container most images ask for none.
    pub password: Option<String>,
    /// The database that its image created.
    pub database: String,
}

impl PostgresAt {
    /// Reads the variables of the official image (`POSTGRES_USER`, `_PASSWORD`,
    /// `_DB`) and of Bitnami's (`POSTGRESQL_…`), with the same defaults. A
    /// `…_FILE` is read inside the container, which has to run for that.
    ///
    /// Sources: `docker-entrypoint.sh` of docker-library/postgres;
    /// `postgresql-env.sh` of bitnami/containers.
    ///
    /// # Errors
    /// `command_failed` when such a file cannot be read.
    pub fn of(container: &Container) -> Result<Self> {
        let first = |names: &[&str]| -> Result<Option<String>> {
            for name in names {
                if let Some(value) = value(container, name)? {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        };
        // Bitnami's own user owns one database and may not read the roles; its
        // superuser may, where it was given a password.
        let admin = value(container, "POSTGRESQL_POSTGRES_PASSWORD")?;
        let user = match &admin {
            Some(_) => None,
            None => first(&["POSTGRES_USER", "POSTGRESQL_USERNAME"])?,
        };
        let user = user.unwrap_or_else(|| "postgres".to_owned());
        let password = match admin {
            Some(password) => Some(password),
            None => first(&["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"])?,
        };
        let database = first(&["POSTGRES_DB", "POSTGRESQL_DATABASE"])?;
        if let Some(password) = &password {
            redact::learn(password);
        }
        Ok(Self {
            database: database.unwrap_or_else(|| user.clone()),
            container: container.clone(),
            user,
            password,
        })
    }
}

/// A variable, or the content of the file that its `_FILE` twin names. As in
/// the images' scripts, an empty one counts as not given.
pub(super) fn value(container: &Container, name: &str) -> Result<Option<String>> {
    let given = |name: &str| container.env.get(name).filter(|value| !value.is_empty());
    if let Some(value) = given(name) {
        return Ok(Some(value.clone()));
    }
    let Some(path) = given(&format!("{name}_FILE")) else {
        return Ok(None);
    };
    let content = docker::read_file(&container.id, path)?;
    // `$(< file)` in those scripts drops the line ends.
    let content = content.trim_end_matches('\n').to_owned();
    Ok(Some(content).filter(|content| !content.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(pairs: &[(&str, &str)]) -> (String, Option<String>, String) {
        let env = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let container = Container {
            env: env.collect(),
            ..Container::default()
        };
        let at = PostgresAt::of(&container).unwrap();
        (at.user, at.password, at.database)
    }

    fn expected(user: &str, password: &str, database: &str) -> (String, Option<String>, String) {
        let password = Some(password.to_owned()).filter(|password| !password.is_empty());
        (user.to_owned(), password, database.to_owned())
    }

    #[test]
    fn has_the_defaults_of_the_official_image() {
        assert_eq!(at(&[]), expected("postgres", "", "postgres"));
        assert_eq!(
            at(&[
                ("POSTGRES_USER", "app"),
                ("POSTGRES_PASSWORD", "pw-of-app"),
                ("POSTGRES_DB", "")
            ]),
            expected("app", "pw-of-app", "app")
        );
    }

    #[test]
    fn takes_bitnamis_superuser_where_it_can() {
        let app = [
            ("POSTGRESQL_USERNAME", "app"),
            ("POSTGRESQL_PASSWORD", "pw-of-app"),
            ("POSTGRESQL_DATABASE", "shop"),
        ];
        assert_eq!(at(&app), expected("app", "pw-of-app", "shop"));
        let both = [
            app.as_slice(),
            &[("POSTGRESQL_POSTGRES_PASSWORD", "pw-of-admin")],
        ]
        .concat();
        assert_eq!(at(&both), expected("postgres", "pw-of-admin", "shop"));
    }
}
