//! What is deployed here and now, found by looking.

use crate::images;
use crate::release::{Image, Release};
use anyhow::Result;
use std::collections::BTreeMap;
use toolkit::application::Application;
use toolkit::failure::Failure;
use toolkit::git::Revision;
use toolkit::stack::{Container, Service};

/// What is deployed, without what a release has beside it: no name, no copies
/// of its files.
pub(crate) fn release(application: &Application<'_>) -> Release {
    let revision = Revision::of(&application.config().root);
    Release {
        version: revision.version,
        git_commit: revision.commit,
        git_branch: revision.branch,
        services: services(application),
        compose_sha256: application.stack.config_hash().ok().map(str::to_owned),
        ..Release::default()
    }
}

/// The image of each service that has a container.
fn services(application: &Application<'_>) -> BTreeMap<String, Image> {
    let mut services = BTreeMap::new();
    for service in &application.stack.services {
        let Some(container) = service.container() else {
            continue;
        };
        let image = Image {
            id: container.image_id.clone(),
            name: service.image().unwrap_or_default().to_owned(),
            tag: None,
            digests: images::digests(&container.image_id),
            mounts: mounts(container),
        };
        services.insert(service.name.clone(), image);
    }
    services
}

/// What is mounted in a container, but volumes that Docker named: no Compose file
/// tells them apart.
pub(crate) fn mounts(container: &Container) -> BTreeMap<String, String> {
    let is_named_by_docker =
        |source: &String| source.len() == 64 && source.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut mounts = container.mounts.clone();
    mounts.retain(|_, source| !is_named_by_docker(source));
    mounts
}

/// The id of the image that every running replica of a service runs; none when
/// none does, or they differ.
pub(crate) fn running(service: &Service) -> Option<&str> {
    let mut running = service
        .containers
        .iter()
        .filter(|container| container.running);
    let first = running.next()?.image_id.as_str();
    running
        .all(|other| other.image_id == first)
        .then_some(first)
}

/// Where the code of one service is, as seen from the application's folder: where
/// its image is built from. None where that is the whole tree, or nothing.
pub(crate) fn code_of(application: &Application<'_>, service: &str) -> Result<Option<String>> {
    let found = application.stack.service(service);
    let Some(folder) = found.and_then(Service::build_folder) else {
        return Ok(None);
    };
    let inside = folder.strip_prefix(&application.config().root);
    let inside = inside.map_err(|_| {
        let message = format!(
            "`{service}` is built from `{}`, outside the work tree",
            folder.display()
        );
        Failure::not_started("git", message)
    })?;
    let path = inside.to_string_lossy().into_owned();
    Ok((!path.is_empty()).then_some(path))
}

/// The services that hold the data.
pub(crate) fn servers(application: &Application<'_>) -> Result<Vec<String>> {
    let config = &application.config().file;
    let stack = &application.stack;
    let postgres = match config.database.url {
        Some(_) => None,
        None => stack.postgres(config.database.service.as_deref())?,
    };
    let redis = match config.redis.url {
        Some(_) => None,
        None => stack.redis(config.redis.service.as_deref())?,
    };
    let found = [postgres, redis].into_iter().flatten();
    Ok(found.map(|service| service.name.clone()).collect())
}

/// The services that are stopped while data are exchanged: the application's
/// own, but those that `[rollback] leave` names.
pub(crate) fn stopped_meanwhile(application: &Application<'_>) -> Vec<String> {
    let file = &application.config().file;
    let servers = [&file.database.service, &file.redis.service];
    let kept = servers.into_iter().flatten().chain(&file.rollback.leave);
    let kept: Vec<_> = kept.map(String::as_str).collect();
    let own = application.stack.application(&kept).into_iter();
    own.map(|service| service.name.clone()).collect()
}
