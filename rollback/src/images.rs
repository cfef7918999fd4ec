//! Images: which are there, which are kept, and which name means which.

use crate::release::{Image, Release};
use anyhow::Result;
use std::collections::BTreeMap;
use toolkit::command::Command;
use toolkit::failure::Failure;

/// Where the tags of kept images stand.
const REPOSITORY: &str = "sextant-release";

/// The tag that keeps a service's image: tags may have upper-case letters,
/// repositories may not.
pub(crate) fn tag(project: &str, release: &str, service: &str) -> String {
    let tag: String = format!("{release}-{service}").chars().take(128).collect();
    format!("{REPOSITORY}/{project}:{tag}")
}

/// Whether there is an image of this id or name, and what its id is.
pub(crate) fn id(image: &str) -> Result<Option<String>> {
    match inspect(image, "{{.Id}}").read() {
        Ok(said) => Ok(Some(String::from_utf8_lossy(&said).trim().to_owned())),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where a registry has the image: `name@sha256:…`.
pub(crate) fn digests(image: &str) -> Vec<String> {
    let said = inspect(image, "{{json .RepoDigests}}").read();
    said.ok()
        .and_then(|said| serde_json::from_slice(&said).ok())
        .unwrap_or_default()
}

/// A variable that an image sets; none where it does not, or is gone.
pub(crate) fn variable(image: &str, name: &str) -> Result<Option<String>> {
    if id(image)?.is_none() {
        return Ok(None);
    }
    let said = inspect(image, "{{json .Config.Env}}").read()?;
    let pairs: Option<Vec<String>> = serde_json::from_slice(&said)?;
    let mut pairs = pairs
        .iter()
        .flatten()
        .filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(found, _)| *found == name);
    Ok(found.map(|(_, value)| value.to_owned()))
}

/// Gives an image one more name, in the place of the one that had it.
pub(crate) fn name(id: &str, name: &str) -> Command {
    Command::new("docker").args(["image", "tag", id, name])
}

/// Whether a tag can be made of it: a digest names one image for ever.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('@') && !name.starts_with("sha256:")
}

/// Keeps the images of `services` under tags of `release`.
pub(crate) fn keep(
    project: &str,
    release: &str,
    services: &mut BTreeMap<String, Image>,
) -> Result<()> {
    for (service, image) in services {
        // A container may outlive its image, which was removed by force.
        if id(&image.id)?.is_none() {
            continue;
        }
        let wanted = tag(project, release, service);
        name(&image.id, &wanted).read()?;
        image.tag = Some(wanted);
    }
    Ok(())
}

/// Takes the tags of releases that are no longer kept away. An image goes with
/// its last one; one that a container runs stays.
pub(crate) fn give_up(release: &Release) -> usize {
    let tags = release
        .services
        .values()
        .filter_map(|image| image.tag.as_deref());
    tags.filter(|tag| {
        let remove = Command::new("docker").args(["image", "rm", tag]);
        remove.read().is_ok()
    })
    .count()
}

fn inspect(image: &str, format: &str) -> Command {
    Command::new("docker").args(["image", "inspect", "--format", format, image])
}

fn is_absent(error: &anyhow::Error) -> bool {
    let message = Failure::of(error).message.to_lowercase();
    message.contains("no such image") || message.contains("no such object")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_may_be_called_anything_that_compose_takes() {
        assert_eq!(
            tag("shop", "20261120_020000", "Web.Api_1"),
            "sextant-release/shop:20261120_020000-Web.Api_1"
        );
    }

    #[test]
    fn a_digest_is_no_name() {
        assert!(is_name("registry.example:5000/shop/api:1.2"));
        assert!(!is_name("shop/api@sha256:0a"));
        assert!(!is_name("sha256:0a"));
    }
}
