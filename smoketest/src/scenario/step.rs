//! One step, as far as it can be read alone.

use super::call::Call;
use super::kind;
use super::suite::{AUTH, Shared};
use crate::capture::Capture;
use crate::repeat::Repeat;
use anyhow::Result;
use probe::Limits;
use probe::several::several;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use toolkit::config::{Line, Set, Template};
use toolkit::failure::Failure;

/// The keys of every step, whatever it looks at.
pub(super) const OWN: [&str; 12] = [
    "name",
    "group",
    "needs",
    "optional",
    "cleanup",
    "anonymous",
    "cookies",
    "retry",
    "timeout",
    "repeat",
    "average",
    "p95",
];
/// The keys that say what it looks at, beside those of the kind.
pub(super) const WHAT: [&str; 5] = ["call", "calls", "kind", "capture", "jwt"];

/// A step of a scenario.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // Each is a key of its own.
pub(crate) struct Step {
    /// What it is called; no two have the same name.
    pub(crate) name: String,
    /// Whether nobody named it.
    pub(super) is_nameless: bool,
    /// The `calls` that it is a line of.
    pub(crate) block: Option<String>,
    /// The group that it is in.
    pub(crate) group: Option<String>,
    /// The names of the steps without which it is skipped.
    pub(crate) needs: Vec<String>,
    /// The variables that it uses and other steps find out.
    pub(crate) uses: BTreeSet<String>,
    /// Those of them that it names itself, beside its file's defaults.
    pub(crate) own_uses: BTreeSet<String>,
    /// Whether its failure is a warning.
    pub(crate) is_optional: bool,
    /// Whether it runs last, whatever happened.
    pub(crate) is_cleanup: bool,
    /// For how long it is repeated until it succeeds.
    pub(crate) retry: Option<Duration>,
    /// How long one try may take.
    pub(crate) timeout: Duration,
    /// Whether it sends and keeps the cookies of the run.
    pub(crate) has_cookies: bool,
    /// How often it is asked, to measure it.
    pub(crate) repeat: Option<Repeat>,
    /// What it looks at.
    pub(crate) kind: &'static str,
    /// What it does, in a few words: `GET /api/health 200`.
    pub(crate) says: String,
    /// The variables that it finds out.
    pub(crate) captures: BTreeMap<String, Capture>,
    /// Those that its files of Hurl find out.
    pub(crate) taken: BTreeSet<String>,
    /// The token that it looks at.
    pub(crate) jwt: Option<Template>,
    /// The keys of its kind.
    pub(crate) template: Template,
    /// What of its file's defaults is for it.
    pub(super) defaults: Vec<Template>,
    /// What it shares with the others of its file.
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    name: Option<String>,
    group: Option<String>,
    #[serde(default, deserialize_with = "several")]
    needs: Vec<String>,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    cleanup: bool,
    #[serde(default)]
    anonymous: bool,
    cookies: Option<bool>,
    #[serde(default, deserialize_with = "toolkit::config::some_duration")]
    retry: Option<Duration>,
    #[serde(default, deserialize_with = "toolkit::config::some_duration")]
    timeout: Option<Duration>,
    repeat: Option<u32>,
    #[serde(default)]
    average: Limits,
    #[serde(default)]
    p95: Limits,
}

#[derive(Deserialize)]
struct Captures {
    #[serde(default)]
    capture: BTreeMap<String, Capture>,
}

/// What a step of the kind `hurl` takes of what its files capture.
#[derive(Deserialize)]
struct Taken {
    #[serde(default, deserialize_with = "several")]
    capture: Vec<String>,
}

/// Reads a `[[step]]`: one step, or one for each line of its `calls`.
///
/// # Errors
/// `config`, with file, line and key.
pub(super) fn read(mut template: Template, shared: &Arc<Shared>) -> Result<Vec<Step>, Failure> {
    let mut own_keys = template.take(&OWN);
    let own: Own = own_keys.rest()?;
    let repeat = Repeat::read(own.repeat, own.average, own.p95, &own_keys)?;
    let one = template.take_lines("call")?;
    let many = template.take_lines("calls")?;
    let kind = kind::take(&mut template, one.is_some() || many.is_some())?;
    let mut capture_key = template.take(&["capture"]);
    let (capture, taken) = if kind == kind::HURL {
        let Taken { capture } = capture_key.rest()?;
        (BTreeMap::new(), capture)
    } else {
        let Captures { capture } = capture_key.rest()?;
        (capture, Vec::new())
    };
    let jwt = template.take_table("jwt")?;
    if kind != "http" && (!capture.is_empty() || jwt.is_some() || repeat.is_some()) {
        let message = "`capture`, `jwt` and `repeat` go with a call, whose response they look at";
        return Err(template.fault("", message));
    }
    let step = |template: Template, (named, says): (String, String), name: Option<String>| Step {
        is_nameless: name.is_none(),
        name: name.unwrap_or(named),
        block: None,
        group: own.group.clone(),
        needs: own.needs.clone(),
        uses: BTreeSet::new(),
        own_uses: BTreeSet::new(),
        is_optional: own.optional,
        is_cleanup: own.cleanup,
        retry: own.retry,
        timeout: own.timeout.unwrap_or(shared.timeout),
        // Nobody has no session.
        has_cookies: own.cookies.unwrap_or(shared.has_cookies && !own.anonymous),
        repeat,
        kind,
        says,
        captures: capture.clone(),
        taken: taken.iter().cloned().collect(),
        jwt: jwt.clone(),
        defaults: defaults(&template, kind, own.anonymous, shared),
        template,
        shared: Arc::clone(shared),
    };
    let Some(lines) = many else {
        let Some(lines) = one else {
            let named = (kind.to_owned(), String::new());
            return Ok(vec![step(template, named, own.name)]);
        };
        let line = one_line(lines);
        let call = call(&template, &line)?;
        let template = called(template, &line, &call)?;
        return Ok(vec![step(template, call.names(), own.name)]);
    };
    if !capture.is_empty() || jwt.is_some() {
        let message = "`capture` and `jwt` go with `call`: of `calls` it would not be known which";
        return Err(template.fault("", message));
    }
    let mut steps = Vec::new();
    for line in lines.iter().filter(|line| is_said(&line.text)) {
        let call = call(&template, line)?;
        let template = called(template.clone(), line, &call)?;
        let (named, says) = call.names();
        let name = own.name.as_ref().map(|name| format!("{name}: {named}"));
        steps.push(Step {
            block: own.name.clone(),
            ..step(template, (named, says), name)
        });
    }
    if steps.is_empty() {
        return Err(template.fault("", "`calls` calls nothing"));
    }
    Ok(steps)
}

/// Neither empty nor a comment.
fn is_said(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

/// A call may go over several lines of its file.
fn one_line(lines: Vec<Line>) -> Line {
    let texts: Vec<_> = lines.iter().map(|line| line.text.trim()).collect();
    let text = texts.join(" ");
    let first = lines.into_iter().find(|line| is_said(&line.text));
    first.map(|first| first.saying(text)).unwrap_or_default()
}

fn call(template: &Template, line: &Line) -> Result<Call, Failure> {
    Call::parse(&line.text).map_err(|why| template.fault_at(line, why))
}

/// The keys of `http` with what a call says.
fn called(mut template: Template, line: &Line, call: &Call) -> Result<Template, Failure> {
    let mut keys = vec![
        ("method", Set::Text(call.method.clone())),
        ("url", Set::Text(call.url())),
        ("status", Set::Text(call.status.clone())),
    ];
    if let Some(jq) = &call.jq {
        keys.push(("jq", Set::Text(jq.clone())));
    }
    if let Some((key, _)) = keys.iter().find(|(key, _)| template.has(key)) {
        return Err(template.fault(key, format!("the call itself says what `{key}` is")));
    }
    template.set(&keys, line);
    Ok(template)
}

/// What of the file's defaults is for a step: who is somebody else, or nobody,
/// is not who the others are, and another server is told nothing of that.
fn defaults(template: &Template, kind: &str, is_anonymous: bool, shared: &Shared) -> Vec<Template> {
    let has_own_auth = is_anonymous || AUTH.iter().any(|key| template.has(key));
    let is_elsewhere = template.text("url").is_some_and(|url| !shared.is_at(url));
    let is_for_it = |default: &&Template| {
        let is_auth = AUTH.iter().any(|key| default.has(key));
        let tells = is_auth || default.has("send_header");
        kind == "http" && !(has_own_auth && is_auth) && !(is_elsewhere && tells)
    };
    shared.defaults.iter().filter(is_for_it).cloned().collect()
}

impl Step {
    /// Whether it finds out what `name` stands for.
    pub(crate) fn finds(&self, name: &str) -> bool {
        self.captures.contains_key(name) || self.taken.contains(name)
    }

    /// Whether it goes by this name: its own, its block's or its group's.
    pub(crate) fn is(&self, word: &str) -> bool {
        let names = [Some(&self.name), self.block.as_ref(), self.group.as_ref()];
        names.into_iter().flatten().any(|name| name == word)
    }
}
