//! A stack's servers, asked as a person would: by `psql` and `redis-cli`.

use super::Stack;
use crate::postgres::quote;
use crate::testing::{Held, SCHEMA};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::PoisonError;

impl Stack {
    /// Runs `sql` in a database, as its superuser; the rows, unaligned.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = self.psql(database);
        said(psql.args(["--set=ON_ERROR_STOP=1", "--command", sql]))
    }

    /// A `psql` as the superuser, for statements on its stdin.
    pub fn psql(&self, database: &str) -> Command {
        let mut command = self.exec("postgres", &[]);
        command
            .args(["psql", "--no-psqlrc", "--quiet", "--no-align"])
            .args(["--tuples-only", "--username", "app", "--dbname", database]);
        command
    }

    /// Runs `sql` in a transaction that stays open until the result is dropped.
    pub fn hold(&self, database: &str, sql: &str) -> Held {
        Held::begin(self.psql(database), sql)
    }

    /// Creates a database, empty; `options` are those of `CREATE DATABASE`.
    pub fn create(&self, database: &str, options: &str) {
        let name = quote::identifier(database);
        self.sql("postgres", &format!("CREATE DATABASE {name} {options}"));
    }

    /// Creates a database with [`SCHEMA`] in it.
    pub fn create_shop(&self, database: &str) {
        self.create(database, "");
        let _alone = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        self.load(database, SCHEMA.as_bytes());
    }

    /// Feeds a script to `psql`, which stops at the first mistake.
    pub fn load(&self, database: &str, script: &[u8]) {
        let mut psql = self.psql(database);
        psql.args(["--set=ON_ERROR_STOP=1"]).stdout(Stdio::null());
        let mut psql = psql.stdin(Stdio::piped()).spawn().expect("docker starts");
        let written = psql.stdin.take().expect("psql reads").write_all(script);
        let status = psql.wait().expect("psql ends");
        assert!(status.success(), "psql: {status}");
        written.expect("psql reads all of it");
    }

    /// What `pg_dump` writes of a database: its lines, sorted, without the keys
    /// that differ from one call to the next, each byte beyond ASCII escaped.
    /// Rows of partitions hashed by an enum change places when they are
    /// restored, so order says nothing.
    pub fn dump(&self, database: &str) -> Vec<String> {
        let mut command = self.exec("postgres", &[]);
        let dump = ["pg_dump", "--username", "app", "--dbname", database];
        let output = command.args(dump).output().expect("docker starts");
        assert!(output.status.success(), "{output:?}");
        let keys = [&b"\\restrict "[..], b"\\unrestrict "];
        let is_key = |line: &&[u8]| keys.iter().any(|key| line.starts_with(key));
        let lines = output.stdout.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !is_key(line));
        let mut lines: Vec<_> = lines.map(|line| line.escape_ascii().to_string()).collect();
        lines.sort();
        lines
    }

    /// Runs one command of Redis; its answer as `redis-cli` writes it.
    pub fn redis(&self, args: &[&str]) -> String {
        said(&mut self.redis_cli(args))
    }

    pub(super) fn redis_cli(&self, args: &[&str]) -> Command {
        let mut command = self.exec("redis", &["REDISCLI_AUTH"]);
        command
            .env("REDISCLI_AUTH", self.redis_password())
            .arg("redis-cli")
            .args(args);
        command
    }

    /// `docker exec` in the container of `service`, with the named variables of
    /// the returned command: no secret is an argument.
    pub fn exec(&self, service: &str, variables: &[&str]) -> Command {
        let mut command = self.tool("docker");
        command.args(["exec", "--interactive"]);
        for name in variables {
            command.args(["--env", name]);
        }
        command.arg(self.container(service));
        command
    }
}

/// What a command wrote, trimmed; bytes that are no UTF-8 replaced. Fails with
/// its last words when it does.
pub(in crate::testing) fn said(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let words = text(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
    text(&output.stdout)
}
