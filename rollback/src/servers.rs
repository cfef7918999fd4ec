//! The servers that hold the data, where the earlier release had others: of
//! another major version, or on another volume.

use crate::choose::Target;
use crate::plan::Data;
use crate::release::{Image, Release};
use crate::{images, observe};
use anyhow::Result;
use toolkit::application::Application;
use toolkit::failure::Failure;
use toolkit::set::{DatabaseProof, Proof, Set};

/// The variable by which images of PostgreSQL tell their major version.
///
/// Source: the Dockerfiles of docker-library/postgres.
const MAJOR: &str = "PG_MAJOR";

/// The servers whose data are on other volumes in the release that is returned
/// to: its data have to be brought back into these, not into what runs now.
///
/// # Errors
/// `other_server` where a volume would have to be opened by another major
/// version of PostgreSQL than it was written by.
pub(crate) fn exchanged(
    application: &Application<'_>,
    from: &Release,
    target: &Target,
    data: Option<&Data>,
) -> Result<Vec<String>> {
    let mut exchanged = Vec::new();
    let only = target.service.as_ref();
    let to = &target.release;
    let servers = match observe::servers(application) {
        // Which one it is, is of no concern to what leaves the data alone.
        Err(_) if data.is_none() => Vec::new(),
        servers => servers?,
    };
    for name in servers
        .into_iter()
        .filter(|name| only.is_none_or(|only| only == name))
    {
        let (Some(now), Some(then)) = (from.services.get(&name), to.services.get(&name)) else {
            continue;
        };
        // An older record does not tell: what it had is taken to be there still.
        if then.mounts.is_empty() || now.mounts == then.mounts {
            expect_same_major(&name, now, then, to, data)?;
        } else {
            exchanged.push(name);
        }
    }
    Ok(exchanged)
}

fn expect_same_major(
    name: &str,
    now: &Image,
    then: &Image,
    to: &Release,
    data: Option<&Data>,
) -> Result<()> {
    if now.id == then.id {
        return Ok(());
    }
    let dumped = || data.and_then(major_of_set);
    let before = images::variable(&then.id, MAJOR)?.or_else(dumped);
    let (Some(before), Some(major)) = (before, images::variable(&now.id, MAJOR)?) else {
        return Ok(());
    };
    if before == major {
        return Ok(());
    }
    let volume = if then.mounts.is_empty() {
        "a volume that is not recorded"
    } else {
        "the same volume"
    };
    let message = format!(
        "`{name}` is PostgreSQL {major}, and {before} on {volume} in {}: neither opens what the other wrote",
        to.title()
    );
    let set = to.set.as_ref().map_or_else(
        || "a backup set of it".to_owned(),
        |set| format!("`{}`", set.display()),
    );
    Err(Failure::not_started("other_server", message)
        .hint(format!("give PostgreSQL {before} a volume of its own, and bring its data back with `restore` from {set}"))
        .into())
}

/// The major version of the server that a set's database was dumped from.
fn major_of_set(data: &Data) -> Option<String> {
    let info = Set::open(&data.set).ok()?.info?;
    let proofs = info.parts.into_iter().filter_map(|part| match part.proof {
        Proof::Database(proof) => serde_json::from_value::<DatabaseProof>(proof).ok(),
        _ => None,
    });
    let server = proofs.map(|proof| proof.server).next()?;
    server.split('.').next().map(str::to_owned)
}

/// The refusal of data that are to stay, and would be left behind.
pub(crate) fn left_behind(name: &str, to: &Release) -> Failure {
    let message = format!(
        "the data of `{name}` are on another volume in {}: they cannot stay as they are",
        to.title()
    );
    Failure::not_started("other_volume", message).hint(
        "without `--keep-database` or `--service` the data of its backup set are brought back",
    )
}
