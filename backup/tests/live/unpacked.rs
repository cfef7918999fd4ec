//! A set brought back by hand, with standard programs alone.

use crate::{backup, gunzip, info, made, older, part, shop};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use toolkit::testing::{Stack, until};

/// Brings every part back, and compares it with what is there.
fn comes_back(stack: &Stack, copy: &str) {
    let place = stack.place();
    let set = made(&backup(&place, &["--database", "whole"]).succeeded());
    stack.create(copy, "");
    stack.load(copy, &gunzip(&set.join("database.sql.gz")));
    assert_eq!(stack.dump(copy), stack.dump("whole"));
    for sql in [ROWS, SEQUENCES] {
        assert_eq!(stack.sql(copy, sql), stack.sql("whole", sql));
    }
    has_the_counted_rows(stack, copy, &info(&set));
    files_come_back(stack, &set);
    redis_comes_back(stack, &set);
}

/// The rows of every table and materialized view, and a checksum of them all.
const ROWS: &str = "SELECT name, query_to_xml(format('SELECT count(*), md5(string_agg(t::text, '','' \
    ORDER BY t::text)) FROM ONLY %s AS t', name), false, true, '') FROM pg_class AS c \
    JOIN pg_namespace AS n ON n.oid = relnamespace, format('%I.%I', nspname, relname) AS name \
    WHERE relkind IN ('r', 'm') AND relispopulated AND nspname !~ '^pg_' \
    AND nspname <> 'information_schema' AND relname !~ '^moods_' ORDER BY name";
const SEQUENCES: &str = "SELECT * FROM pg_sequences ORDER BY schemaname, sequencename";

/// The proof's counts are what the server says of the copy.
fn has_the_counted_rows(stack: &Stack, copy: &str, info: &Value) {
    let proof = &part(info, "database")["database"];
    let counts: BTreeMap<String, u64> =
        serde_json::from_value(proof["counts"]["rows"].clone()).unwrap();
    // The two partitions by mood count as their root.
    let tables = "SELECT count(*) - 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace \
        WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'";
    assert_eq!(
        counts.len().to_string(),
        stack.sql(copy, tables),
        "{counts:?}"
    );
    for (table, sql) in [
        ("shop.users", "shop.users"),
        ("shop.orders_2026_rest", "shop.orders_2026_rest"),
        ("shop.moods", "shop.moods"),
        ("shop.things", "ONLY shop.things"),
        ("select.select", "\"select\".\"select\""),
        ("public.nothing", "public.nothing"),
        ("public.empty", "public.empty"),
        ("public.unlogged", "public.unlogged"),
        ("shop.notes", "shop.notes"),
    ] {
        let rows = stack.sql(copy, &format!("SELECT count(*) FROM {sql}"));
        assert_eq!(counts[table].to_string(), rows, "{table}");
    }
}

fn files_come_back(stack: &Stack, set: &Path) {
    let back = tempfile::tempdir().unwrap();
    for file in fs::read_dir(set)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if file.to_str().unwrap().ends_with(".tar.gz") {
            let mut tar = Command::new("tar");
            tar.arg("xzf").arg(&file).arg("-C").arg(back.path());
            assert!(tar.status().unwrap().success());
        }
    }
    let mut diff = Command::new("diff");
    diff.args(["-r", "--no-dereference", "--exclude=.git"]);
    if !back.path().join("uploads").exists() {
        diff.arg("--exclude=uploads");
    }
    let diff = diff.arg(stack.folder()).arg(back.path()).output().unwrap();
    assert!(
        diff.status.success(),
        "{}",
        String::from_utf8_lossy(&diff.stdout)
    );
}

/// Every key with its type, its value and its time to live.
const KEYS: &str = "local all = {}
    for _, db in ipairs({'0', '3'}) do
        redis.call('SELECT', db)
        for _, key in ipairs(redis.call('KEYS', '*')) do
            local text = db .. ' ' .. key .. ' ' .. redis.call('TYPE', key).ok .. ' '
                .. redis.sha1hex(redis.call('DUMP', key)) .. ' ' .. redis.call('PEXPIRETIME', key)
            table.insert(all, text)
        end
    end
    table.sort(all)
    return all";

/// The stack's own version of `redis-server` on the saved file.
struct Throwaway<'a> {
    stack: &'a Stack,
    server: Child,
}

impl<'a> Throwaway<'a> {
    fn on(stack: &'a Stack, rdb: &Path) -> Self {
        // With its stdin, and so with this process, the server ends.
        let script = "cd \"$(mktemp -d)\" && head -c \"$0\" > dump.rdb && \
            { redis-server --port 0 --unixsocket /tmp/throwaway.sock --save '' & } && cat && kill $!; wait; rm -rf \"$PWD\"";
        let bytes = fs::read(rdb).unwrap();
        let mut command = stack.exec("redis", &[]);
        command.args(["sh", "-c", script, &bytes.len().to_string()]);
        let mut server = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::io::Write::write_all(server.stdin.as_mut().unwrap(), &bytes).unwrap();
        Self { stack, server }
    }

    fn ask(&self, args: &[&str]) -> String {
        let mut command = self.stack.exec("redis", &[]);
        command
            .args(["redis-cli", "-s", "/tmp/throwaway.sock"])
            .args(args);
        String::from_utf8(command.output().unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    }
}

impl Drop for Throwaway<'_> {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}

fn redis_comes_back(stack: &Stack, set: &Path) {
    let server = Throwaway::on(stack, &set.join("redis.rdb"));
    until("the copy answers", || server.ask(&["PING"]) == "PONG");
    let keys = server.ask(&["EVAL", KEYS, "0"]);
    assert_eq!(keys.lines().count(), 57, "{keys}");
    assert_eq!(keys, stack.redis(&["EVAL", KEYS, "0"]));
    let info = info(set);
    let databases = &part(&info, "redis")["redis"]["databases"];
    assert_eq!(
        (&databases["0"]["keys"], &databases["3"]["keys"]),
        (&56.into(), &1.into()),
        "{databases}"
    );
}

#[test]
fn the_newest_servers() {
    comes_back(&shop(), "whole by hand");
}

#[test]
fn older_servers_under_docker_compose_1_29() {
    comes_back(&older(), "whole by hand");
}
