//! The counts in a set are those of its dump, whatever is written meanwhile.

use crate::{backup, gunzip, info, made, part, shop};
use std::io::Write;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use toolkit::testing::{Stack, until};

/// Commits transactions, one after the other, until it is dropped. Each keeps
/// the two tables equally long.
struct Writer {
    psql: Child,
    writing: Option<JoinHandle<()>>,
    stopped: Arc<AtomicBool>,
}

impl Writer {
    fn start(stack: &Stack, database: &str) -> Self {
        let mut psql = stack
            .psql(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = psql.stdin.take().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stopped);
        let writing = std::thread::spawn(move || {
            while !flag.load(Ordering::Relaxed) {
                let sql = "BEGIN; INSERT INTO debit VALUES (1), (2); INSERT INTO credit VALUES (1), (2); \
                    DELETE FROM debit WHERE ctid = (SELECT min(ctid) FROM debit); \
                    DELETE FROM credit WHERE ctid = (SELECT min(ctid) FROM credit); COMMIT;\n";
                if stdin.write_all(sql.as_bytes()).is_err() {
                    return;
                }
            }
        });
        Self {
            psql,
            writing: Some(writing),
            stopped,
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = self.psql.kill();
        let _ = self.psql.wait();
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
    }
}

/// The rows of a table that a dump has.
fn dumped(dump: &str, table: &str) -> usize {
    let (_, rest) = dump.split_once(&format!("COPY public.{table} (")).unwrap();
    rest.lines()
        .skip(1)
        .take_while(|line| *line != "\\.")
        .count()
}

#[test]
fn counts_and_rows_are_of_one_moment() {
    let stack = shop();
    let place = stack.place();
    stack.create("ledger", "");
    stack.sql(
        "ledger",
        "CREATE TABLE debit AS SELECT generate_series(1, 2000) AS n; \
         CREATE TABLE credit AS TABLE debit; \
         CREATE TABLE middle AS SELECT md5(n::text) FROM generate_series(1, 100000) AS n",
    );
    let count = || {
        stack
            .sql("ledger", "SELECT count(*) FROM credit")
            .parse::<u64>()
            .unwrap()
    };
    let writer = Writer::start(&stack, "ledger");
    let mut before = 2000;
    for _ in 0..3 {
        until("more is written", || count() > before);
        let set = made(&backup(&place, &["database", "--database", "ledger"]).succeeded());
        let info = info(&set);
        let rows = &part(&info, "database")["database"]["counts"]["rows"];
        let dump = String::from_utf8(gunzip(&set.join("database.sql.gz"))).unwrap();
        for table in ["debit", "credit"] {
            assert_eq!(
                rows[format!("public.{table}")],
                dumped(&dump, table),
                "{table}"
            );
        }
        assert_eq!(rows["public.debit"], rows["public.credit"]);
        let saved = rows["public.debit"].as_u64().unwrap();
        assert!(
            saved > before && saved < count(),
            "written before, and since: {saved}"
        );
        before = saved;
    }
    drop(writer);
}
