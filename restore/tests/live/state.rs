//! All that a stack holds, in a form that can be compared.

use std::collections::BTreeMap;
use toolkit::postgres::quote;
use toolkit::testing::Stack;

/// Keys of every kind in two databases.
pub(crate) fn fill_redis(stack: &Stack) {
    let script = "for i = 1, 50 do redis.call('SET', 'k' .. i, string.rep('v', i)) end
        redis.call('SET', 'binary', '\\0\\255\\r\\n', 'EX', 100000)
        redis.call('RPUSH', 'list', 'a', 'b')
        redis.call('HSET', 'hash', 'f', 'v')
        redis.call('SADD', 'set', '1', '2')
        redis.call('ZADD', 'sorted', '1.5', 'm')
        redis.call('XADD', 'stream', '1-1', 'f', 'v')
        redis.call('SELECT', '3')
        redis.call('SET', 'other', 'database')";
    stack.redis(&["EVAL", script, "0"]);
}

/// Every key: its database, name, content and expiry. Asked so that no answer
/// waits where writers do.
pub(crate) fn redis(stack: &Stack) -> Vec<String> {
    let script = "local found = {}
        for number = 0, 15 do
            redis.call('SELECT', number)
            for _, key in ipairs(redis.call('KEYS', '*')) do
                local content = redis.sha1hex(redis.call('DUMP', key))
                local expiry = redis.call('PEXPIRETIME', key)
                table.insert(found, number .. ' ' .. key .. ' ' .. content .. ' ' .. expiry)
            end
        end
        return found";
    let answer = stack.redis(&["EVAL_RO", script, "0"]);
    let mut keys: Vec<_> = answer.lines().map(str::to_owned).collect();
    keys.sort();
    keys
}

/// What `pg_dump` writes of a database (rows, sequences, large objects, owners
/// and grants), and what belongs to the database itself.
pub(crate) fn database(stack: &Stack, name: &str) -> Vec<String> {
    let name_literal = quote::literal(name);
    let own = stack.sql(
        "postgres",
        &format!(
            "SELECT d.datdba::regrole, \
               (SELECT array_agg(a ORDER BY a::text) FROM unnest(d.datacl) AS a), d.encoding, d.datcollate, d.datallowconn, \
               d.datconnlimit, shobj_description(d.oid, 'pg_database'), \
               (SELECT array_agg((setrole::regrole, setconfig)::text ORDER BY setrole) \
                FROM pg_db_role_setting WHERE setdatabase = d.oid) \
             FROM pg_database AS d WHERE datname = {name_literal}"
        ),
    );
    let mut lines = stack.dump(name);
    lines.push(own);
    lines
}

/// The names of the databases that begin so; all of them for nothing.
pub(crate) fn databases(stack: &Stack, prefix: &str) -> Vec<String> {
    let sql = "SELECT datname FROM pg_database ORDER BY datname COLLATE \"C\"";
    let names = stack.sql("postgres", sql);
    let names = names.lines().filter(|name| name.starts_with(prefix));
    names.map(str::to_owned).collect()
}

/// Every file of the application: its kind, mode, owner, content, and when it
/// was changed; for a folder, which restores touch, without that.
pub(crate) fn files(stack: &Stack) -> Vec<String> {
    let script = "find . -type d -printf '%p %y %m %U %G\\n'
        find . ! -type d -printf '%p %y %m %U %G %T@ %l\\n'
        find . -type f -exec sha256sum {} +";
    let output = stack.tool("sh").args(["-c", script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The scratch servers that run beside the stack's Redis.
pub(crate) fn scratch(stack: &Stack) -> Vec<String> {
    let mut docker = stack.tool("docker");
    let list = ["ps", "--all", "--filter", "label=sextant.scratch"];
    let format = ["--format", "{{.ID}} {{.Label \"sextant.scratch\"}}"];
    let output = docker.args(list).args(format).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines();
    let beside = lines.filter(|line| line.contains(stack.container("redis")));
    beside.map(str::to_owned).collect()
}

/// All of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) databases: BTreeMap<String, Vec<String>>,
    pub(crate) redis: Vec<String>,
    pub(crate) files: Vec<String>,
}

impl State {
    pub(crate) fn of(stack: &Stack) -> Self {
        let databases = databases(stack, "");
        let mut databases: Vec<_> = databases.iter().map(String::as_str).collect();
        databases.retain(|name| !name.starts_with("template"));
        Self {
            databases: databases
                .into_iter()
                .map(|name| (name.to_owned(), database(stack, name)))
                .collect(),
            redis: redis(stack),
            files: files(stack),
        }
    }

    /// Fails, and shows the lines that differ, unless both are the same.
    pub(crate) fn assert_is(&self, other: &Self, when: &str) {
        let names = |state: &Self| state.databases.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(self), names(other), "{when}");
        for (name, lines) in &self.databases {
            assert_same(lines, &other.databases[name], &format!("{name}, {when}"));
        }
        assert_same(&self.redis, &other.redis, &format!("Redis, {when}"));
        assert_same(&self.files, &other.files, &format!("files, {when}"));
    }
}

/// Fails, and shows the lines that one has and the other has not.
pub(crate) fn assert_same(left: &[String], right: &[String], what: &str) {
    let only = |these: &[String], those: &[String]| {
        let missing = these.iter().filter(|line| !those.contains(line));
        missing.take(10).cloned().collect::<Vec<_>>()
    };
    assert!(
        left == right,
        "{what}: only left {:#?}, only right {:#?}",
        only(left, right),
        only(right, left)
    );
}
