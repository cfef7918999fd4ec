//! What every Sextant tool shares: the record contract and access to the stack.
//!
//! # The contract
//!
//! A tool is a filter. It reads records from stdin, does one thing, and writes
//! records to stdout: one JSON object a line (NDJSON, UTF-8, at most 16 MiB a
//! line), so that a whole deployment is one shell pipeline:
//!
//! ```sh
//! backup | step migrate | step up | deploy-report
//! ```
//!
//! A [record](record::Record) has a fixed header, then the tool's own `data`:
//!
//! ```
//! use toolkit::record::{Header, Status};
//! let line = br#"{"v":1,"run":"01JD","tool":"backup","name":"backup","status":"ok","at":"2026-11-20T02:00:00.120Z","ms":4210,"host":"prod-01","project":"orchestr-a","env":"production","summary":"3 parts, 8.0 KiB","data":{}}"#;
//! let header = Header::parse(line).unwrap();
//! assert_eq!((header.tool.as_str(), header.status), ("backup", Status::Ok));
//! ```
//!
//! - **Pass-through.** Each final record read is written on, byte for byte,
//!   with fields and versions that this one does not know, before the tool's
//!   own.
//! - **Crash-evident.** A tool writes a `running` record as it starts and its
//!   final record as it ends. A reader holds a `running` record back until its
//!   final one has come; at the end of input it reports one without as a
//!   `fail`, reason `died`.
//! - **Gate.** With `--if success`, the default, a tool works when nothing
//!   before it failed; with `--if failure` when something did; with
//!   `--if always` in any case. Otherwise it writes a `skip` record.
//! - **Verdict.** A tool's exit status is the worst of what it read and what it
//!   did, so the last tool of a pipeline carries the whole verdict:
//!
//! ```
//! use toolkit::record::Status::{Fail, Ok};
//! use toolkit::verdict::Verdict;
//! let failed = Verdict::Clean.then("backup", Ok).then("step", Fail);
//! assert_eq!(failed.code(), 1);
//! assert_eq!(failed.then("rollback", Ok).code(), 3);
//! assert_eq!(failed.then("rollback", Fail).code(), 4);
//! ```
//!
//! | exit | meaning |
//! |---|---|
//! | 0 | done, or rightly nothing to do; warnings allowed |
//! | 1 | failed: this tool, or one upstream |
//! | 2 | could not start: usage, configuration, a missing program; nothing was touched |
//! | 3 | failed and rolled back: the earlier release is serving and verified |
//! | 4 | rollback failed: a person is needed now |
//! | 75 | another run holds the lock |
//! | 128+n | ended by signal n, after cleaning up |
//!
//! - **stdin** is read to its end before the tool acts, when it is a pipe, a
//!   socket or a file; a tool that [begins ahead](arguments::Arguments::begins_ahead)
//!   changes nothing until then. A line that is no record makes the tool refuse with exit
//!   status 2; the valid ones are still passed on.
//! - **Signals** reach the whole pipeline at once: see [`signals`].
//! - **History.** Each final record is appended to the project's
//!   [state folder](state::State).
//!
//! # The rooms
//!
//! A tool's `main` hands its arguments and its work to [`run::run`]; the work
//! gets a [`run::Run`] and returns an [`run::Outcome`]. Programs are started by
//! [`command`] alone, files made whole by [`durable`], and everything that is
//! shown goes through [`output`] and [`redact`].

#![warn(missing_docs)]

pub mod application;
pub mod arguments;
pub mod checksum;
pub mod command;
pub mod config;
pub mod confirm;
pub mod durable;
pub mod failure;
pub mod git;
pub mod maintenance;
pub mod operation;
pub mod output;
pub mod part;
pub mod postgres;
pub mod record;
pub mod redact;
pub mod redis;
pub mod render;
pub mod run;
pub mod set;
pub mod signals;
pub mod sql;
pub mod stack;
pub mod state;
pub mod stdin;
#[cfg(feature = "testing")]
pub mod testing;
pub mod upstream;
pub mod verdict;
