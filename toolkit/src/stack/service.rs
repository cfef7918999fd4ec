//! The services of a stack: what runs, joined with what is declared.

use super::compose::Declared;
use super::inspect::Container;
use std::collections::BTreeMap;
use std::path::Path;

/// One service of a Compose project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name in the Compose file.
    pub name: String,
    /// Its replicas: running ones first, then by their numbers.
    pub containers: Vec<Container>,
    declared: Declared,
}

impl Service {
    pub(super) fn new(name: &str, mut containers: Vec<Container>, declared: Declared) -> Self {
        containers.sort_by(|one, other| one.rank().cmp(&other.rank()));
        let name = name.to_owned();
        Self {
            name,
            containers,
            declared,
        }
    }

    /// Its first running replica, else its first stopped one. None when it was
    /// never started, or was removed.
    pub fn container(&self) -> Option<&Container> {
        self.containers.first()
    }

    /// Its image, as its Compose file writes it. None when that is not known,
    /// as before the first start of one that is built.
    pub fn image(&self) -> Option<&str> {
        let actual = self.container().map(|container| container.image.as_str());
        // A container that was pinned to an image's id tells no name.
        let named = actual.filter(|image| !image.is_empty() && !image.starts_with("sha256:"));
        named.or(self.declared.image.as_deref()).or(actual)
    }

    /// The folder that its image is built from, where that is declared.
    pub fn build_folder(&self) -> Option<&Path> {
        self.declared.build.as_deref()
    }

    /// The image that is declared for it; none where Compose names a build.
    pub(super) fn declared_image(&self) -> Option<&str> {
        self.declared.image.as_deref()
    }

    /// Its variables: the container's, else those that are declared.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        self.container()
            .map_or(&self.declared.environment, |container| &container.env)
    }

    /// Its entrypoint and arguments: the container's, else those that are
    /// declared. Empty when they are the image's and it has no container.
    pub fn command(&self) -> &[String] {
        self.container()
            .map_or(&self.declared.command, |container| &container.command)
    }
}

/// All services by name, each with its containers and its declaration.
pub(super) fn all(
    containers: Vec<Container>,
    declared: BTreeMap<String, Declared>,
) -> Vec<Service> {
    let mut by_name: BTreeMap<String, (Vec<Container>, Declared)> = BTreeMap::new();
    for (name, declared) in declared {
        by_name.insert(name, (Vec::new(), declared));
    }
    for container in containers {
        let (replicas, _) = by_name.entry(container.service.clone()).or_default();
        replicas.push(container);
    }
    let services = by_name.into_iter();
    services
        .map(|(name, (containers, declared))| Service::new(&name, containers, declared))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::labels;

    fn replica(number: &str, running: bool) -> Container {
        Container {
            name: format!("shop-api-{number}"),
            service: "api".to_owned(),
            image: "sha256:0a".to_owned(),
            labels: [(labels::NUMBER.to_owned(), number.to_owned())].into(),
            running,
            ..Container::default()
        }
    }

    #[test]
    fn the_first_running_replica_stands_for_the_service() {
        let containers = vec![replica("1", false), replica("10", true), replica("9", true)];
        let worker = Declared {
            image: Some("shop-worker".into()),
            ..Declared::default()
        };
        let api = Declared {
            image: Some("shop-api".into()),
            ..Declared::default()
        };
        let services = all(
            containers,
            [("worker".into(), worker), ("api".into(), api)].into(),
        );
        let names: Vec<_> = services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        assert_eq!(names, ["api", "worker"]);
        let order: Vec<_> = services[0]
            .containers
            .iter()
            .map(|container| container.name.as_str())
            .collect();
        assert_eq!(order, ["shop-api-9", "shop-api-10", "shop-api-1"]);
        assert_eq!(services[0].image(), Some("shop-api"));
        assert_eq!(services[1].container(), None);
    }
}
