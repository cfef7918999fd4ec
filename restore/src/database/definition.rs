//! What a new database is made like: `CREATE DATABASE`, and what comes along
//! after it.

use super::mark;
use anyhow::Result;
use std::collections::BTreeSet;
use toolkit::failure::Failure;
use toolkit::postgres::{Properties, Session, Version, quote};

/// The privileges that a database can have; others in a proof are not ours.
const PRIVILEGES: &[&str] = &["CONNECT", "CREATE", "TEMPORARY"];

/// `CREATE DATABASE name` with these properties, as far as a server of this
/// version has them; without any, the server's defaults. What had to be left
/// out is added to `warnings`.
///
/// # Errors
/// `pg_no_role` when its owner does not exist.
pub(super) fn create(
    session: &mut Session,
    name: &str,
    properties: Option<&Properties>,
    version: Version,
    warnings: &mut Vec<String>,
) -> Result<String> {
    // template0 alone can be copied with another encoding and locale, and has
    // nothing in it that the dump brings too.
    let mut sql = format!(
        "CREATE DATABASE {} TEMPLATE template0",
        quote::identifier(name)
    );
    let Some(properties) = properties else {
        return Ok(sql);
    };
    check_owner(session, &properties.owner)?;
    let mut add = |option: &str, value: String| {
        sql.push(' ');
        sql.push_str(option);
        sql.push(' ');
        sql.push_str(&value);
    };
    add("OWNER", quote::identifier(&properties.owner));
    add("ENCODING", quote::literal(&properties.encoding));
    add("LC_COLLATE", quote::literal(&properties.collate));
    add("LC_CTYPE", quote::literal(&properties.ctype));
    for (option, value) in locale(properties, version, warnings) {
        add(option, value);
    }
    match tablespace(session, &properties.tablespace)? {
        Tablespace::Default => {}
        Tablespace::Other => add("TABLESPACE", quote::identifier(&properties.tablespace)),
        Tablespace::None => warnings.push(format!(
            "the tablespace `{}` does not exist here, or may not be used: the database is in the default one",
            properties.tablespace
        )),
    }
    Ok(sql)
}

/// The provider of the locale, where it can be chosen.
fn locale(
    properties: &Properties,
    version: Version,
    warnings: &mut Vec<String>,
) -> Vec<(&'static str, String)> {
    let locale = quote::literal(properties.locale.as_deref().unwrap_or_default());
    let known = match properties.provider.as_str() {
        "icu" => version.major >= 15,
        "builtin" => version.major >= 17,
        _ => true,
    };
    if !known {
        warnings.push(format!(
            "PostgreSQL {version} has no locale provider `{}`: texts are sorted by `{}`",
            properties.provider, properties.collate
        ));
    }
    let mut options = Vec::new();
    match properties.provider.as_str() {
        "icu" if known => {
            options.push(("LOCALE_PROVIDER", "icu".to_owned()));
            options.push(("ICU_LOCALE", locale));
        }
        "builtin" if known => {
            options.push(("LOCALE_PROVIDER", "builtin".to_owned()));
            options.push(("BUILTIN_LOCALE", locale));
        }
        _ if version.major >= 15 => options.push(("LOCALE_PROVIDER", "libc".to_owned())),
        _ => {}
    }
    match &properties.icu_rules {
        Some(rules) if known && version.major >= 16 => {
            options.push(("ICU_RULES", quote::literal(rules)));
        }
        Some(_) => warnings.push(format!(
            "PostgreSQL {version} has no ICU rules: texts are sorted without them"
        )),
        None => {}
    }
    options
}

fn check_owner(session: &mut Session, owner: &str) -> Result<()> {
    if roles(session)?.contains(owner) {
        return Ok(());
    }
    let message = format!("the role `{owner}`, which owns the database, does not exist");
    Err(Failure::new("pg_no_role", message)
        .hint("create the roles first, from the same set: `restore SET globals`")
        .into())
}

fn roles(session: &mut Session) -> Result<BTreeSet<String>> {
    let rows = session.rows("SELECT rolname FROM pg_catalog.pg_roles")?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// Where a database can be.
enum Tablespace {
    /// Where new ones are: to name it takes a privilege on it.
    Default,
    /// Somewhere else.
    Other,
    /// There is none of this name for this role.
    None,
}

fn tablespace(session: &mut Session, name: &str) -> Result<Tablespace> {
    let rows = session.rows(&format!(
        "SELECT t.oid = d.dattablespace, pg_catalog.has_tablespace_privilege(t.oid, 'CREATE') \
         FROM pg_catalog.pg_tablespace AS t, pg_catalog.pg_database AS d \
         WHERE t.spcname = {} AND d.datname = 'template0'",
        quote::literal(name)
    ))?;
    let row: Vec<_> = rows.iter().flatten().map(Option::as_deref).collect();
    Ok(match row.as_slice() {
        [Some("t"), _] => Tablespace::Default,
        [_, Some("t")] => Tablespace::Other,
        _ => Tablespace::None,
    })
}

/// Gives `database` the privileges and settings of `properties`.
///
/// Those of roles that do not exist are left out, with a warning; so are
/// settings that the server refuses. A privilege that cannot be granted is a
/// failure: access would be other than it was.
pub(super) fn apply(
    session: &mut Session,
    database: &str,
    properties: &Properties,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let roles = roles(session)?;
    let name = quote::identifier(database);
    let mut missing = BTreeSet::new();
    if let Some(grants) = &properties.grants {
        let owner = quote::identifier(&properties.owner);
        session.execute(&format!(
            "REVOKE ALL ON DATABASE {name} FROM PUBLIC, {owner}"
        ))?;
        for grant in grants {
            let Some(privilege) = PRIVILEGES.iter().find(|known| **known == grant.privilege) else {
                warnings.push(format!("there is no privilege `{}`", grant.privilege));
                continue;
            };
            let role = match &grant.role {
                None => "PUBLIC".to_owned(),
                Some(role) if roles.contains(role) => quote::identifier(role),
                Some(role) => {
                    missing.insert(role);
                    continue;
                }
            };
            let option = if grant.grantable {
                " WITH GRANT OPTION"
            } else {
                ""
            };
            session.execute(&format!(
                "GRANT {privilege} ON DATABASE {name} TO {role}{option}"
            ))?;
        }
    }
    for setting in &properties.settings {
        let change = quote::setting(&setting.name, &setting.value);
        let sql = match &setting.role {
            None => format!("ALTER DATABASE {name} SET {change}"),
            Some(role) if roles.contains(role) => {
                let role = quote::identifier(role);
                format!("ALTER ROLE {role} IN DATABASE {name} SET {change}")
            }
            Some(role) => {
                missing.insert(role);
                continue;
            }
        };
        if let Err(error) = session.execute(&sql) {
            toolkit::signals::check()?;
            warnings.push(format!(
                "the setting `{}` is left out: {error:#}",
                setting.name
            ));
        }
    }
    warnings.extend(missing.into_iter().map(|role| {
        format!("the role `{role}` does not exist: its privileges and settings are left out")
    }));
    Ok(())
}

/// What takes effect with the new name: a limit, a template or a comment would
/// stand in the way before.
pub(super) fn last(database: &str, properties: Option<&Properties>) -> Vec<String> {
    let name = quote::identifier(database);
    let Some(properties) = properties else {
        return vec![mark::comment(database, None)];
    };
    let mut statements = vec![mark::comment(database, properties.comment.as_deref())];
    if properties.connection_limit >= 0 {
        let limit = properties.connection_limit;
        statements.push(format!("ALTER DATABASE {name} CONNECTION LIMIT {limit}"));
    }
    if properties.is_template {
        statements.push(format!("ALTER DATABASE {name} IS_TEMPLATE true"));
    }
    statements
}
