//! jq expressions that must be true of a JSON value.
//!
//! They are compiled when configuration is read. A value comes from a server
//! that may be hostile, and an expression may never end: evaluation stands on
//! another thread, and ends at its next step once nobody waits for it any more.
//! Only what takes small steps alone is evaluated by who waits for it.
//! What would end the process in place of the check, is refused: values
//! nested beyond `serde_json`'s 128 levels, and definitions, which can call
//! themselves until the stack ends.

mod brief;
mod captured;
mod evaluated;
mod library;
mod queue;
mod shown;
mod steps;

use crate::report::Fault;
use crate::{Deadline, aside, text};
use anyhow::Result;
use evaluated::{evaluated, here, is_brief};
use jaq_core::load::{Arena, File, Loader, lex};
use jaq_core::{Ctx, Filter, Vars, compile, load};
use jaq_json::Val;
use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steps::{Steps, Stepwise, While};

/// The longest expression: what is nested in it takes stack.
const LONGEST: usize = 4096;

type Program = Filter<Stepwise>;

/// The expressions that were compiled before: that takes as long as asking a
/// server, and scenarios say the same of many answers.
static KNOWN: Mutex<BTreeMap<String, Jq>> = Mutex::new(BTreeMap::new());
/// How many of them are kept.
const MOST_KNOWN: usize = 1000;

fn known() -> MutexGuard<'static, BTreeMap<String, Jq>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A compiled expression.
#[derive(Clone)]
pub struct Jq {
    text: String,
    program: Arc<Program>,
    /// Whether none of its steps takes long, of small JSON.
    is_brief: bool,
    /// What is compared, and its program: `.status` of `.status == "ok"`.
    compared: Option<(String, Arc<Program>)>,
}

impl Jq {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        if let Some(known) = known().get(text) {
            return Ok(known.clone());
        }
        let compiled = Self::compile_anew(text.to_owned())?;
        let mut known = known();
        if known.len() < MOST_KNOWN {
            known.insert(text.to_owned(), compiled.clone());
        }
        Ok(compiled)
    }

    fn compile_anew(text: String) -> Result<Self, String> {
        on_a_thread(move || {
            let tokens = lex::Lexer::new(&text).lex();
            let tokens = tokens.map_err(|errors| lexical(&errors))?;
            if shown::defines(&tokens) {
                return Err("`def` is not taken here".into());
            }
            let is_brief = brief::is_brief(&tokens);
            let compared = shown::compared(&text, &tokens);
            let compared = compared.and_then(|left| Some((left.to_owned(), program(left).ok()?)));
            let program = program(&text)?;
            Ok(Self {
                program: Arc::new(program),
                is_brief,
                compared: compared.map(|(left, program)| (left, Arc::new(program))),
                text,
            })
        })
    }

    /// The expression.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it, of this value.
    fn judge(&self, value: &Val, time: &While) -> Option<Fault> {
        let expected = format!("`{}`", self.text);
        let output = first_untrue(&self.program, value, time)?;
        let observed = match (output, &self.compared) {
            (Output::Nothing, _) => format!("`{}` gives nothing", self.text),
            (Output::Error(error), _) => {
                let observed = format!("`{}` fails: {}", self.text, text::first(&error));
                return Some(Fault::fail("jq_error", observed, expected));
            }
            (Output::Value(output), None) => format!("`{}` is {output}", self.text),
            (Output::Value(output), Some((left, program))) => match first(program, value, time) {
                Output::Value(value) => format!("`{left}` is {value}"),
                _ => format!("`{}` is {output}", self.text),
            },
        };
        Some(Fault::fail("jq_false", observed, expected))
    }
}

/// What of `all` is not true of the value that `json` is.
///
/// An expression is true when it gives something, and nothing of it is `false`
/// or `null`.
///
/// # Errors
/// `timeout`.
pub fn judge(all: &[Jq], json: &[u8], deadline: Deadline) -> Result<Vec<Fault>> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    if is_brief(all, json) {
        return here(deadline, |time| faults(all, json, time));
    }
    let (all, json) = (all.to_vec(), json.to_vec());
    evaluated(json.len(), deadline, move |time| faults(&all, &json, time))
}

fn faults(all: &[Jq], json: &[u8], time: &While) -> Vec<Fault> {
    match serde_json::from_slice::<Val>(json) {
        Ok(value) => all.iter().filter_map(|jq| jq.judge(&value, time)).collect(),
        Err(error) => vec![no_json(json, &error)],
    }
}

fn no_json(bytes: &[u8], error: &serde_json::Error) -> Fault {
    let observed = match bytes.trim_ascii() {
        [] => "nothing".to_owned(),
        bytes => format!("no JSON: {error}, in {}", text::quoted(bytes)),
    };
    Fault::fail("json_invalid", observed, "JSON, for `jq` to look at")
}

/// What an expression gives.
enum Output {
    Nothing,
    /// As JSON, its first bytes.
    Value(String),
    Error(String),
}

/// The first output that is not true.
fn first_untrue(program: &Program, value: &Val, time: &While) -> Option<Output> {
    let mut is_first = true;
    let context = Ctx::<Stepwise>::new(Steps::of(program, time), Vars::new([]));
    for output in program.id.run((context, value.clone())) {
        is_first = false;
        match output {
            Ok(output @ (Val::Null | Val::Bool(false))) => return Some(Output::of(&output)),
            Ok(_) => {}
            Err(error) => return Some(Output::failed(error)),
        }
    }
    is_first.then_some(Output::Nothing)
}

fn first(program: &Program, value: &Val, time: &While) -> Output {
    let context = Ctx::<Stepwise>::new(Steps::of(program, time), Vars::new([]));
    match program.id.run((context, value.clone())).next() {
        None => Output::Nothing,
        Some(Ok(output)) => Output::of(&output),
        Some(Err(error)) => Output::failed(error),
    }
}

impl Output {
    fn of(value: &Val) -> Self {
        Self::Value(text::first(&value.to_string()).into_owned())
    }

    fn failed(error: jaq_core::Exn<'_, Val>) -> Self {
        match error.get_err() {
            Ok(error) => Self::Error(error.to_string()),
            // `halt` would end jq itself.
            Err(_) => Self::Error("it halts".into()),
        }
    }
}

fn program(text: &str) -> Result<Program, String> {
    let (definitions, natives) = library::of(text);
    let file = File {
        code: text,
        path: (),
    };
    let arena = Arena::default();
    let modules = Loader::new(definitions).load(&arena, file);
    let modules = modules.map_err(|errors| match errors.into_iter().next() {
        Some((_, load::Error::Parse(errors))) => syntax(&errors),
        Some((_, load::Error::Lex(errors))) => lexical(&errors),
        _ => "it takes no modules".into(),
    })?;
    let compiler = compile::Compiler::default().with_funs(natives);
    compiler.compile(modules).map_err(|errors| {
        let unknown = errors.first().and_then(|(_, errors)| errors.first());
        unknown.map_or_else(
            || "it cannot be compiled".into(),
            |(name, kind)| format!("there is no {} `{name}`", kind.as_str()),
        )
    })
}

fn lexical(errors: &[lex::Error<&str>]) -> String {
    let first = errors.first();
    first.map_or_else(String::new, |(expected, found)| {
        unexpected(expected.as_str(), found)
    })
}

fn syntax(errors: &[load::parse::Error<&str>]) -> String {
    let first = errors.first();
    first.map_or_else(String::new, |(expected, found)| {
        unexpected(expected.as_str(), found)
    })
}

fn unexpected(expected: &str, found: &str) -> String {
    match found {
        "" => format!("it ends where a {expected} is expected"),
        _ => format!("a {expected} is expected where `{found}` stands"),
    }
}

fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (answer, answered) = sync_channel(1);
    let started = aside::start(move || {
        let _ = answer.send(work());
    });
    started.map_err(|error| format!("{error:#}"))?;
    let none = || Err("it cannot be read".into());
    answered.recv().unwrap_or_else(|_| none())
}

impl<'de> Deserialize<'de> for Jq {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::compile(&text)
            .map_err(|why| de::Error::custom(format!("`{text}` is no jq expression: {why}")))
    }
}

impl fmt::Debug for Jq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jq({:?})", self.text)
    }
}

#[cfg(test)]
mod tests;
