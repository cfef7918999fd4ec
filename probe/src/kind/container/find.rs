//! Which containers are meant.

use super::Container;
use super::state::State;
use crate::docker::Engine;
use crate::report::Fault;
use crate::{Around, Deadline};
use anyhow::Result;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use toolkit::failure::Failure;

/// The labels that both generations of Compose give.
const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const ONE_OFF: &str = "com.docker.compose.oneoff";
/// What a service waits for, joined by commas, each `name:condition:restart`;
/// v2 alone.
const DEPENDS_ON: &str = "com.docker.compose.depends_on";

/// The containers that a check means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Their ids or names.
    pub(super) ids: Vec<String>,
    /// Whether another service of the stack waits for their end.
    pub(super) is_awaited: bool,
}

/// Looks for them anew, for each deployment makes others.
pub(super) fn of(wanted: &Container, engine: &Engine, around: &Around<'_>) -> Result<Found> {
    if let Some(name) = &wanted.container {
        return Ok(Found {
            ids: vec![encoded(name)],
            is_awaited: false,
        });
    }
    let Some(project) = &around.application()?.stack.project else {
        return Err(no_stack().into());
    };
    let filters = json!({ "label": [format!("{PROJECT}={project}")] }).to_string();
    let path = format!("/containers/json?all=true&filters={}", encoded(&filters));
    let listed = engine.get(&path, around.deadline)?.unwrap_or_default();
    let service = wanted.service.as_deref().unwrap_or_default();
    Ok(among(&listed, service))
}

/// Those of a service among a project's.
fn among(listed: &Value, service: &str) -> Found {
    let all = listed.as_array().into_iter().flatten();
    let all: Vec<_> = all.map(|one| (one, &one["Labels"])).collect();
    let own = all.iter().filter(|(_, labels)| {
        let is_one_off = labels[ONE_OFF].as_str().unwrap_or_default();
        labels[SERVICE] == service && !is_one_off.eq_ignore_ascii_case("true")
    });
    let awaited = format!("{service}:service_completed_successfully:");
    Found {
        ids: own
            .filter_map(|(one, _)| one["Id"].as_str().map(str::to_owned))
            .collect(),
        is_awaited: all.iter().any(|(_, labels)| {
            let waits_for = labels[DEPENDS_ON].as_str().unwrap_or_default();
            waits_for.split(',').any(|one| one.starts_with(&awaited))
        }),
    }
}

/// The failure of a service, or a name, that has no container.
pub(super) fn missing(wanted: &Container, around: &Around<'_>) -> Failure {
    if let Some(name) = &wanted.container {
        let message = format!("there is no container `{name}`");
        return Failure::new("container_missing", message)
            .hint("`docker ps --all` shows what there is");
    }
    let name = wanted.service.as_deref().unwrap_or_default();
    let failure = Failure::new(
        "container_missing",
        format!("service `{name}` has no container"),
    );
    let compose = around
        .application()
        .map_err(|error| Failure::of(&error))
        .and_then(|application| application.stack.compose());
    match compose {
        Ok(compose) => {
            let argv = compose.args(["up", "-d", name]).argv();
            failure.hint(format!("`{}` makes it", argv.join(" ")))
        }
        Err(_) => failure,
    }
}

/// The fault of a container whose tag names another image by now.
pub(super) fn outdated(
    state: &State,
    engine: &Engine,
    deadline: Deadline,
) -> Result<Option<Fault>> {
    let path = format!("/images/{}/json", state.image);
    let now = engine.get(&path, deadline)?;
    let now = now.as_ref().and_then(|image| image["Id"].as_str());
    if now == Some(state.image_id.as_str()) {
        return Ok(None);
    }
    let observed = match now {
        Some(_) => format!("an older image than `{}` is now", state.image),
        None => format!("an image that `{}` names no more", state.image),
    };
    let fault = Fault::fail("container_image", observed, "the image that its tag names");
    Ok(Some(fault.hint("make its container anew: `up -d`")))
}

fn no_stack() -> Failure {
    Failure::new("no_stack", "there is no Compose stack here").hint(
        "start it in the folder of the Compose file, or name a `container` or a `swarm` service",
    )
}

/// A name as part of a path.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_replicas_of_both_generations() {
        let one = |id: &str, labels: Value| json!({"Id": id, "Labels": labels});
        let listed = json!([
            one("a", json!({SERVICE: "api", ONE_OFF: "False"})),
            one("b", json!({SERVICE: "api"})),
            one("run", json!({SERVICE: "api", ONE_OFF: "True"})),
            one("m", json!({SERVICE: "migrate"})),
            one(
                "w",
                json!({
                    SERVICE: "worker",
                    DEPENDS_ON: "db:service_healthy:false,migrate:service_completed_successfully:false",
                })
            ),
        ]);
        let found = among(&listed, "api");
        assert_eq!(found.ids, ["a", "b"]);
        assert!(!found.is_awaited);
        assert!(among(&listed, "migrate").is_awaited);
        assert_eq!(among(&json!(null), "api"), Found::default());
    }
}
