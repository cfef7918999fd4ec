//! The services: stopped, given their earlier images, and started.

use crate::engine::Work;
use crate::images;
use crate::observe;
use crate::outside::{Outside, not_online};
use crate::plan::{Means, short};
use crate::siblings;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;
use toolkit::application::Application;
use toolkit::command::{Command, Io, Stdout};
use toolkit::failure::Failure;
use toolkit::operation::Mark;
use toolkit::stack::ComposeVersion;

/// Whether it runs otherwise than by Compose.
pub(super) fn is_outside(work: &Work<'_>) -> Result<bool> {
    Ok(outside(work, &work.application()?)?.is_some())
}

fn outside(work: &Work<'_>, application: &Application<'_>) -> Result<Option<Outside>> {
    Ok(Outside::of(
        &work.run.config,
        application.stack.project.is_some(),
    )?)
}

/// Makes the checked-out code runnable.
pub(super) fn build(work: &mut Work<'_>) -> Result<Value> {
    let application = work.application()?;
    let commands = outside(work, &application)?.map(|outside| outside.build);
    all(&commands.unwrap_or_default())
}

/// Runs commands one after the other.
fn all(commands: &[Command]) -> Result<Value> {
    for command in commands {
        run(command)?;
    }
    let lines: Vec<_> = commands.iter().map(Command::argv).collect();
    Ok(json!({ "commands": lines }))
}

/// Whether none of the services that are to be stopped runs.
pub(super) fn are_stopped(work: &Work<'_>) -> Result<bool> {
    let application = work.application()?;
    if outside(work, &application)?.is_some() {
        let last = work.journal.last("stop");
        return Ok(last.is_some_and(|entry| entry.mark == Mark::Done));
    }
    let mut services = application.stack.services.iter();
    Ok(!services.any(|service| {
        work.plan.stopped.contains(&service.name)
            && service.containers.iter().any(|container| container.running)
    }))
}

/// Stops them.
pub(super) fn stop(work: &mut Work<'_>) -> Result<Value> {
    work.stopped_at = Some(Instant::now());
    let application = work.application()?;
    if let Some(outside) = outside(work, &application)? {
        return all(&outside.stop);
    }
    let there: Vec<_> = application
        .stack
        .services
        .iter()
        .filter(|service| work.plan.stopped.contains(&service.name))
        .map(|service| service.name.clone())
        .collect();
    run(&application.stack.compose()?.arg("stop").args(&there))?;
    if !are_stopped(work)? {
        return Err(Failure::new("not_stopped", "a service that was stopped runs").into());
    }
    Ok(json!({ "services": there }))
}

/// Starts the servers that hold the data, where they do not run, and waits for
/// them.
pub(super) fn start_servers(work: &Work<'_>) -> Result<()> {
    let application = work.application()?;
    let servers = observe::servers(&application)?;
    let all_run = servers.iter().all(|name| {
        let service = application.stack.service(name);
        service.and_then(observe::running).is_some()
    });
    if servers.is_empty() || all_run {
        return Ok(());
    }
    up_servers(work, &application, &servers)
}

fn up_servers(work: &Work<'_>, application: &Application<'_>, servers: &[String]) -> Result<()> {
    run(&up(application)?.arg("--no-deps").args(servers))?;
    let wait = ["postgres", "redis", "--no-alert", "--wait", "2m"].map(str::to_owned);
    siblings::call("healthcheck", &wait, work.run)?;
    Ok(())
}

/// Whether the servers run on the volumes of the earlier release.
pub(super) fn are_exchanged(work: &Work<'_>) -> Result<bool> {
    let application = work.application()?;
    Ok(work.plan.servers.iter().all(|name| {
        let service = application.stack.service(name);
        let running = service.and_then(|service| service.container());
        let wanted = work.to.services.get(name);
        let container = running.filter(|container| container.running);
        container.zip(wanted).is_some_and(|(container, wanted)| {
            container.image_id == wanted.id && observe::mounts(container) == wanted.mounts
        })
    }))
}

/// Starts them there, empty or with what these volumes had.
pub(super) fn exchange(work: &mut Work<'_>) -> Result<Value> {
    let servers = work.plan.servers.clone();
    let told = name_each(work, |name| servers.contains(name))?;
    up_servers(work, &work.application()?, &servers)?;
    if are_exchanged(work)? {
        return Ok(told);
    }
    let names = servers.join(", ");
    let message = format!("{names} do not run on the volumes that they had");
    Err(Failure::new("other_volume", message).into())
}

/// Whether each image is there, and its name means it.
pub(super) fn are_named(work: &Work<'_>) -> Result<bool> {
    for service in work.plan.images.keys() {
        let Some(image) = work.to.services.get(service) else {
            return Ok(false);
        };
        let of_name = if images::is_name(&image.name) {
            &image.name
        } else {
            &image.id
        };
        if images::id(of_name)?.as_ref() != Some(&image.id) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives the names that the Compose files use back to the images that they
/// meant. So a later `docker compose up` by hand starts the same ones.
pub(super) fn name_again(work: &mut Work<'_>) -> Result<Value> {
    name_each(work, |_| true)
}

fn name_each(work: &mut Work<'_>, is_meant: impl Fn(&String) -> bool) -> Result<Value> {
    let mut told = serde_json::Map::new();
    let images = work.plan.images.clone().into_iter();
    for (service, means) in images.filter(|(service, _)| is_meant(service)) {
        let image = work
            .to
            .services
            .get(&service)
            .cloned()
            .context("no such service")?;
        let rebuilt = match means {
            Means::Kept => None,
            Means::Pull => pull(&image.id, &image.digests)?,
            Means::Rebuild => Some(rebuild(work, &service)?),
        };
        let id = rebuilt.unwrap_or_else(|| image.id.clone());
        if images::is_name(&image.name) {
            images::name(&id, &image.name).read()?;
        }
        if id != image.id {
            // It cannot be the same bytes; what was built is the target now.
            if let Some(image) = work.to.services.get_mut(&service) {
                image.id.clone_from(&id);
            }
            work.releases.write(&work.to)?;
        }
        told.insert(service, json!({ "id": id, "means": means }));
    }
    Ok(told.into())
}

/// Brings an image from the registry that had it.
fn pull(id: &str, digests: &[String]) -> Result<Option<String>> {
    let mut last = None;
    for digest in digests {
        match run(&Command::new("docker").args(["pull", "--quiet", digest])) {
            Ok(()) if images::id(id)?.is_some() => return Ok(None),
            Ok(()) => {}
            Err(error) => last = Some(error),
        }
    }
    let why = last.map(|error| format!(": {error:#}")).unwrap_or_default();
    Err(Failure::new(
        "image_gone",
        format!("the image {} cannot be pulled{why}", short(id)),
    )
    .into())
}

fn rebuild(work: &Work<'_>, service: &str) -> Result<String> {
    let application = work.application()?;
    run(&application.stack.compose()?.args(["build", service]))?;
    let named = application.stack.built_image(service);
    let built = named.as_deref().map(images::id).transpose()?.flatten();
    built.with_context(|| format!("`{service}` was built, and its image is not found"))
}

/// Whether every service runs what it is to run.
pub(super) fn are_running(work: &Work<'_>) -> Result<bool> {
    let application = work.application()?;
    // Outside Compose, what runs tells nobody which code it is of.
    let runs = |name: &String| {
        let wanted = work.to.services.get(name).map(|image| image.id.as_str());
        let mut services = application.stack.services.iter();
        wanted.is_some()
            && services.any(|service| &service.name == name && observe::running(service) == wanted)
    };
    Ok(!work.plan.images.is_empty() && work.plan.images.keys().all(runs))
}

/// Starts them, building and pulling nothing.
pub(super) fn start(work: &mut Work<'_>) -> Result<Value> {
    let application = work.application()?;
    if let Some(outside) = outside(work, &application)? {
        let told = all(&outside.start)?;
        all(&outside.runs)?;
        if outside.is_pm2 {
            expect_online(&work.run.config.root)?;
        }
        return Ok(told);
    }
    let mut command = up(&application)?;
    if let Some(service) = &work.plan.service {
        command = command.args(["--no-deps", service]);
    }
    run(&command)?;
    Ok(json!({ "command": command.argv() }))
}

/// PM2 says of what it gave up, and of what crashes over and over, that it is
/// not online.
fn expect_online(root: &Path) -> Result<()> {
    let off = not_online(root)?;
    if off.is_empty() {
        return Ok(());
    }
    let message = format!("PM2 does not show as online: {}", off.join(", "));
    Err(Failure::new("not_online", message)
        .hint("`pm2 logs` shows why")
        .into())
}

/// `up`, building and pulling nothing; what is to be started is to be added.
fn up(application: &Application<'_>) -> Result<Command> {
    let command = application
        .stack
        .compose()?
        .args(["up", "-d", "--no-build"]);
    if application.stack.compose_version() == ComposeVersion::V2 {
        // What a registry calls by the same name now is another release.
        return Ok(command.args(["--pull", "never"]));
    }
    Ok(command)
}

fn run(command: &Command) -> Result<()> {
    let running = command.start(Io {
        stdout: Stdout::Shown,
        echo: true,
        ..Io::default()
    })?;
    Ok(running.wait()?.success(command)?)
}
