//! A plan as people read it before they agree to it.

use crate::engine::{POINT_OF_NO_RETURN, Work};
use crate::plan::{Means, Plan, short};
use crate::release::Release;
use serde_json::{Value, json};
use toolkit::render;

/// The plan in lines.
pub(crate) fn text(plan: &Plan, from: &Release, to: &Release, steps: &[&str]) -> String {
    let mut lines = vec![
        format!("from     {}", from.title()),
        format!("to       {}", to.title()),
    ];
    if let Some(service) = &plan.service {
        lines.push(format!("service  {service}, and nothing else"));
    }
    if let Some(commit) = &plan.commit {
        lines.push(format!("code     {}", short(commit)));
    }
    if !plan.servers.is_empty() {
        let names = plan.servers.join(", ");
        lines.push(format!("servers  {names}: on the volumes that they had"));
    }
    for (service, means) in &plan.images {
        let id = to
            .services
            .get(service)
            .map_or("", |image| short(&image.id));
        let how = match means {
            Means::Kept => "kept",
            Means::Pull => "to be pulled",
            Means::Rebuild => "gone: to be built anew",
        };
        lines.push(format!("image    {service}: {id}, {how}"));
    }
    match &plan.data {
        Some(data) => {
            lines.push(format!(
                "data     {} of {}",
                data.parts.join(", "),
                data.set.display()
            ));
            let ago = data
                .age()
                .map(|age| format!(" ({} ago)", render::duration(age)));
            lines.push(format!(
                "lost     what was written since {}{}",
                data.made,
                ago.unwrap_or_default()
            ));
        }
        None => lines.push("data     stay as they are".to_owned()),
    }
    if !plan.stopped.is_empty() {
        lines.push(format!("stopped  {}", plan.stopped.join(", ")));
    }
    lines.extend(
        plan.warnings
            .iter()
            .map(|warning| format!("note     {warning}")),
    );
    lines.push(format!("steps    {}", steps.join(" → ")));
    if plan.data.is_some() {
        lines.push(format!("         `{POINT_OF_NO_RETURN}` is the point of no return; what is there is saved before it"));
    }
    lines.join("\n")
}

/// The plan as a record has it.
pub(crate) fn data(work: &Work<'_>, steps: &[&str]) -> Value {
    json!({
        "from": brief(&work.from), "to": brief(&work.to), "plan": work.plan, "steps": steps,
        "point_of_no_return": work.plan.data.as_ref().map(|_| POINT_OF_NO_RETURN),
    })
}

/// A release in a record.
pub(crate) fn brief(release: &Release) -> Value {
    json!({
        "release": release.id, "version": release.version, "git_commit": release.git_commit,
        "services": release.services.iter().map(|(name, image)| (name.clone(), image.id.clone().into())).collect::<serde_json::Map<_, Value>>(),
        "set": release.set,
    })
}
