//! Whether the earlier release is what runs, and whether it serves.

use crate::engine::Work;
use crate::plan::short;
use crate::{observe, siblings};
use anyhow::Result;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use toolkit::config::Template;
use toolkit::failure::Failure;
use toolkit::git::Revision;
use toolkit::run::Run;

/// How long the application may take to be healthy, unless configuration says.
const WAIT: Duration = Duration::from_secs(180);
/// What a full disk or a busy machine says is no reason to go on falling.
const MACHINE: [&str; 9] = [
    "disk",
    "docker-disk",
    "memory",
    "load",
    "clock",
    "backup",
    "certificate",
    "git",
    // What is under way is this.
    "deployment",
];

/// Looks at images and commit, then asks `healthcheck` and `smoketest`.
pub(super) fn verify(work: &mut Work<'_>) -> Result<Value> {
    images(work)?;
    commit(work)?;
    let health = health(work)?;
    work.served_at = Some(Instant::now());
    let smoke = smoke(work.run)?;
    if health.is_null() && smoke.is_null() {
        let message = "nothing looks at the application: that it serves cannot be said";
        return Err(Failure::new("not_verified", message)
            .hint("add `[[check]]` or `[smoke]` to sextant.toml")
            .into());
    }
    Ok(json!({ "healthcheck": health, "smoketest": smoke }))
}

/// Each service runs the image that it is to run.
fn images(work: &Work<'_>) -> Result<()> {
    let application = work.application()?;
    for name in work.plan.images.keys() {
        let wanted = work.to.services.get(name).map(|image| image.id.as_str());
        let service = application.stack.service(name);
        let running = service.and_then(observe::running);
        // A service that ran to its end, such as a migration, runs nothing.
        let last = service.and_then(|service| service.container());
        let seen = running.or_else(|| last.map(|container| container.image_id.as_str()));
        if seen != wanted {
            let message = format!(
                "`{name}` runs the image {} and not {}",
                seen.map_or("of nothing", short),
                wanted.map_or("that was built", short),
            );
            return Err(Failure::new("wrong_image", message).into());
        }
    }
    Ok(())
}

fn commit(work: &Work<'_>) -> Result<()> {
    let Some(wanted) = work
        .plan
        .commit
        .as_ref()
        .filter(|_| work.plan.service.is_none())
    else {
        return Ok(());
    };
    let seen = Revision::of(&work.run.config.root).commit;
    if &seen == wanted {
        return Ok(());
    }
    let message = format!("the work tree is at {seen} and not at {wanted}");
    Err(Failure::new("wrong_commit", message).into())
}

/// The checks of the application; null when there are none.
fn health(work: &Work<'_>) -> Result<Value> {
    let checks = siblings::list("healthcheck", &["--list".to_owned()], work.run)?;
    let of_application = checks.into_iter().filter(|check| {
        check.data["kind"]
            .as_str()
            .is_some_and(|kind| !MACHINE.contains(&kind))
    });
    let mut args: Vec<_> = of_application.map(|check| check.name).collect();
    if args.is_empty() {
        return Ok(Value::Null);
    }
    let wait = work.run.config.file.rollback.wait.unwrap_or(WAIT);
    args.extend(["--no-alert", "--wait"].map(str::to_owned));
    args.push(format!("{}ms", wait.as_millis()));
    let record = siblings::call("healthcheck", &args, work.run)?;
    Ok(siblings::digest(&record))
}

/// The smoke test, where there is one.
fn smoke(run: &Run) -> Result<Value> {
    // What its variables are, only `smoketest` knows.
    if Template::section(&run.config, "smoke")?.is_none() {
        return Ok(Value::Null);
    }
    let record = siblings::call("smoketest", &[], run)?;
    Ok(siblings::digest(&record))
}
