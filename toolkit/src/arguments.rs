//! The arguments that every tool takes.

use crate::output::Format;
use crate::record::Status;
use crate::verdict::Condition;
use clap::builder::FalseyValueParser;
use std::ffi::OsString;
use std::path::PathBuf;

/// A tool's parsed command line.
pub trait Arguments: clap::Parser {
    /// The arguments that every tool takes.
    fn common(&self) -> &Common;

    /// How stdout is written; none where that follows from what it is.
    fn format(&self) -> Option<Format>;

    /// What this run works on, where a tool has several; else its records
    /// carry the tool's name.
    fn subject(&self) -> Option<&str> {
        None
    }

    /// Whether the work begins before the input has ended: it has to call
    /// [`Run::join`](crate::run::Run::join) before it changes anything.
    fn begins_ahead(&self) -> bool {
        false
    }

    /// The arguments as far as they can be told from a command line that has a
    /// mistake or asks for help, so that its answer is given as
    /// [`Self::format`] and [`Self::exit`] say; none where that is not needed.
    fn rescued(_words: &[OsString]) -> Option<Self> {
        None
    }

    /// The exit status that the caller wants to see instead of `code`.
    fn exit(&self, code: u8, _status: Status) -> u8 {
        code
    }
}

/// The value of an option, however the rest of the command line is written.
pub fn value_of<'a>(words: &'a [OsString], option: &str) -> Option<&'a str> {
    let words = words.iter().map_while(|word| word.to_str());
    let words: Vec<_> = words.take_while(|word| *word != "--").collect();
    words
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, word)| match word.strip_prefix(option)? {
            "" => words.get(at + 1).copied(),
            value => value.strip_prefix('='),
        })
}

/// The arguments that every tool takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Pipeline and configuration")]
pub struct Common {
    /// When to do the work, given the records read from stdin
    #[arg(long = "if", value_name = "CONDITION", value_enum)]
    pub condition: Option<Condition>,

    /// Do not read records from stdin
    #[arg(
        long,
        env = "SEXTANT_NO_INPUT",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    pub no_input: bool,

    /// Work in this folder instead of the current one
    #[arg(short = 'C', long = "folder", value_name = "DIR")]
    pub folder: Option<PathBuf>,

    /// The configuration file [default: the nearest `sextant.toml` upwards]
    #[arg(
        long,
        value_name = "FILE",
        env = "SEXTANT_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,

    /// The environment whose `[env.NAME]` overrides the configuration
    #[arg(long, value_name = "NAME", env = "SEXTANT_ENV", hide_env_values = true)]
    pub env: Option<String>,
}
