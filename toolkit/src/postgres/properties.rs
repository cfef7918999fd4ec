//! What a database is beside its contents: all that a new one needs to be the
//! same, and `pg_dump` without `--create` leaves out.

use super::session::Session;
use super::version::Version;
use crate::failure::Failure;
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// A database's properties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Properties {
    /// Its name.
    pub name: String,
    /// The role that owns it.
    pub owner: String,
    /// Its encoding, such as `UTF8`.
    pub encoding: String,
    /// `LC_COLLATE`.
    pub collate: String,
    /// `LC_CTYPE`.
    pub ctype: String,
    /// Who provides the locale: `libc`, `icu` or `builtin` (server 17).
    pub provider: String,
    /// The provider's locale, where that is not `libc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Rules added to an ICU locale (server 16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icu_rules: Option<String>,
    /// Where its files are, such as `pg_default`.
    pub tablespace: String,
    /// How many may connect; -1 is no limit.
    pub connection_limit: i32,
    /// Whether it may be copied by anybody (`IS_TEMPLATE`).
    pub is_template: bool,
    /// The comment on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who may do what; none where nothing was ever granted or revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<Grant>>,
    /// `ALTER DATABASE … SET` and `ALTER ROLE … IN DATABASE … SET`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Setting>,
}

/// One privilege on the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role that has it; none is everybody (`PUBLIC`).
    pub role: Option<String>,
    /// `CONNECT`, `CREATE` or `TEMPORARY`.
    pub privilege: String,
    /// Whether the role may pass it on.
    pub grantable: bool,
}

/// One setting that connections to the database begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The role that it is for; none is everybody.
    pub role: Option<String>,
    /// Its name, such as `work_mem`.
    pub name: String,
    /// Its value as the server keeps it; [`super::quote::setting`] makes SQL
    /// of both.
    pub value: String,
}

impl Properties {
    /// Those of the database that `session` is connected to.
    pub(super) fn read(session: &mut Session, version: Version) -> Result<Self> {
        let sql = format!(
            "SELECT d.datname, pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), \
               d.datcollate, d.datctype, {}, t.spcname, d.datconnlimit, d.datistemplate, \
               shobj_description(d.oid, 'pg_database'), d.datacl IS NOT NULL \
             FROM pg_catalog.pg_database AS d \
             JOIN pg_catalog.pg_tablespace AS t ON t.oid = d.dattablespace \
             WHERE d.datname = current_database()",
            locale_columns(version)
        );
        let rows = session.rows(&sql)?;
        let mut properties =
            rows.into_iter().next().and_then(from_row).ok_or_else(|| {
                Failure::new("pg_query", "the database's own row is not as asked")
            })?;
        if properties.grants.is_some() {
            properties.grants = Some(grants(session)?);
        }
        properties.settings = settings(session)?;
        Ok(properties)
    }
}

/// Provider, locale and ICU rules, where the server's catalogs have them.
fn locale_columns(version: Version) -> &'static str {
    match version.major {
        ..=14 => "'libc', NULL, NULL",
        15 => "d.datlocprovider, d.daticulocale, NULL",
        16 => "d.datlocprovider, d.daticulocale, d.daticurules",
        _ => "d.datlocprovider, d.datlocale, d.daticurules",
    }
}

fn from_row(row: Vec<Option<String>>) -> Option<Properties> {
    let mut values = row.into_iter();
    let mut next = || values.next().flatten();
    let properties = Properties {
        name: next()?,
        owner: next()?,
        encoding: next()?,
        collate: next()?,
        ctype: next()?,
        provider: match next()?.as_str() {
            "i" => "icu".into(),
            "b" => "builtin".into(),
            _ => "libc".into(),
        },
        locale: next(),
        icu_rules: next(),
        tablespace: next()?,
        connection_limit: next()?.parse().ok()?,
        is_template: next()? == "t",
        comment: next(),
        grants: (next()? == "t").then(Vec::new),
        settings: Vec::new(),
    };
    Some(properties)
}

fn grants(session: &mut Session) -> Result<Vec<Grant>> {
    let rows = session.rows(
        "SELECT CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END, \
           a.privilege_type, a.is_grantable \
         FROM pg_catalog.pg_database AS d, aclexplode(d.datacl) AS a \
         WHERE d.datname = current_database() ORDER BY 1, 2",
    )?;
    let grant = |row: Vec<Option<String>>| {
        let mut values = row.into_iter();
        Some(Grant {
            role: values.next()?,
            privilege: values.next()??,
            grantable: values.next()?? == "t",
        })
    };
    Ok(rows.into_iter().filter_map(grant).collect())
}

fn settings(session: &mut Session) -> Result<Vec<Setting>> {
    let rows = session.rows(
        "SELECT r.rolname, c.setting \
         FROM pg_catalog.pg_db_role_setting AS s \
         JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase \
         LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole, \
         unnest(s.setconfig) AS c(setting) \
         WHERE d.datname = current_database() AND (s.setrole = 0 OR r.oid IS NOT NULL) \
         ORDER BY 1 NULLS FIRST, 2",
    )?;
    let setting = |row: Vec<Option<String>>| {
        let mut values = row.into_iter();
        let role = values.next()?;
        let setting = values.next()??;
        let (name, value) = setting.split_once('=')?;
        Some(Setting {
            role,
            name: name.to_owned(),
            value: value.to_owned(),
        })
    };
    Ok(rows.into_iter().filter_map(setting).collect())
}
