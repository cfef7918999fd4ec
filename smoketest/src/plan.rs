//! A scenario that is shown, not run.

use crate::cli::Args;
use crate::scenario::{Step, after};
use comfy_table::{Table, presets};
use probe::Finding;
use serde_json::{Value, json};
use toolkit::output::printable;
use toolkit::record::Status;
use toolkit::run::Run;

mod script;
mod variables;

pub(crate) use script::script;

/// Shows the steps: a table for people, a record for each for programs. The
/// plan also says what comes after what.
pub(crate) fn show(args: &Args, steps: &[Step], run: &mut Run) {
    let after = after(&steps.iter().collect::<Vec<_>>());
    for (step, after) in steps.iter().zip(&after) {
        let names = after.iter().filter_map(|at| steps.get(*at));
        let names: Vec<_> = names.map(|step| step.name.as_str()).collect();
        let data = json!({
            "kind": step.kind,
            "group": step.group,
            "does": step.says,
            "needs": step.needs,
            "after": names,
            "cleanup": step.is_cleanup,
            "optional": step.is_optional,
        });
        run.item(&step.name, Status::Ok, &step.says, data);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if args.list {
        table.set_header(["STEP", "KIND", "GROUP", "DOES"]);
    } else {
        table.set_header(["", "STEP", "DOES", "AFTER", "NEEDS", ""]);
    }
    for (at, step) in steps.iter().enumerate() {
        let group = step.group.clone().unwrap_or_default();
        if args.list {
            table.add_row([&step.name, step.kind, &group, &step.says].map(printable));
            continue;
        }
        let after: Vec<_> = after[at].iter().map(|at| (at + 1).to_string()).collect();
        let number = (at + 1).to_string();
        let needs = step.needs.join(", ");
        let cells = [
            &number,
            &step.name,
            &step.says,
            &after.join(" "),
            &needs,
            &marks(step),
        ];
        table.add_row(cells.map(|cell| printable(cell)));
    }
    run.text(&table.trim_fmt());
}

fn marks(step: &Step) -> String {
    let mut marks = Vec::new();
    if step.is_optional {
        marks.push("optional".to_owned());
    }
    if step.is_cleanup {
        marks.push("cleanup".to_owned());
    }
    if let Some(retry) = step.retry {
        marks.push(format!("for up to {}", humantime::format_duration(retry)));
    }
    marks.join(", ")
}

/// How what failed is asked again by hand, and what it was answered.
pub(crate) fn again(finding: &Finding) -> Option<String> {
    if finding.status != Status::Fail {
        return None;
    }
    let fact = |name: &str| finding.facts.get(name).and_then(Value::as_str);
    let curl = fact("curl")?;
    let name = printable(&finding.name);
    let mut lines = vec![format!("`{name}` by hand: {}", printable(curl))];
    if let Some(body) = fact("body").filter(|body| !body.is_empty()) {
        lines.push(format!("it was answered: {}", printable(body)));
    }
    Some(lines.join("\n"))
}
