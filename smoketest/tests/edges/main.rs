//! The edges of HTTP/1.1, and servers that mean harm: time limits hold, memory
//! is bounded, and what is told is what happened.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

mod bodies;
mod large;
mod redirects;
#[path = "../server/mod.rs"]
mod server;
mod slow;

use serde_json::Value;
use server::{Asked, Server, json};
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use toolkit::testing::{Place, Seen, until};

const SMOKETEST: &str = env!("CARGO_BIN_EXE_smoketest");
/// How much memory a run may take, in KiB.
const MOST: u64 = 64 << 10;
/// How long a step takes at most whose limit is a few seconds, in milliseconds:
/// for machines that are busy.
const LONGEST: u64 = 30_000;

/// A server that means harm, except where it is asked for `/peak`: then it notes
/// how much memory whoever asks has taken so far.
struct Hostile {
    server: Server,
    child: Arc<OnceLock<u32>>,
    peak: Arc<AtomicU64>,
}

/// What a run came to.
struct Ran {
    seen: Seen,
    place: Place,
}

impl Hostile {
    fn start(
        act: impl Fn(TcpStream, &Asked) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let child: Arc<OnceLock<u32>> = Arc::default();
        let peak: Arc<AtomicU64> = Arc::default();
        let (asking, noted) = (Arc::clone(&child), Arc::clone(&peak));
        let server = Server::raw(move |mut stream, asked| {
            if asked.what != "GET /peak" {
                return act(stream, asked);
            }
            until("the test knows whom it started", || asking.get().is_some());
            noted.store(peak_of(*asking.get().unwrap()), Ordering::SeqCst);
            stream.write_all(&json(200, "{}"))
        });
        Self {
            server,
            child,
            peak,
        }
    }

    /// Answers each request with these bytes, then closes.
    fn says(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |mut stream, _| stream.write_all(&bytes))
    }

    /// Runs these steps, and holds the run to the limit of memory.
    fn run(&self, steps: &str, args: &[&str]) -> Ran {
        let place = Place::new();
        place.write("sextant.toml", "project = 'shop'\nengine = 'none'\n");
        let site = format!(
            "base = 'http://{}'\ntimeout = '60s'\n{steps}\n[[step]]\nname = 'peak'\ncall = 'GET /peak 200'\n",
            self.server.address()
        );
        place.write("site.toml", &site);
        let mut command = place.tool(SMOKETEST);
        let command = command.arg("site.toml").args(args);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        self.child.set(child.id()).expect("one run a server");
        let seen = Seen::of(&child.wait_with_output().unwrap());
        assert_eq!(
            seen.data()["steps"].as_array().unwrap().last().unwrap()["status"],
            "ok"
        );
        let peak = self.peak.load(Ordering::SeqCst);
        assert!((1..MOST).contains(&peak), "{peak} KiB");
        Ran { seen, place }
    }

    /// Holds what is told of one step to what happened.
    fn told(&self, step: &str, reason: &str, what: &str) {
        let ran = self.run(&format!("[[step]]\nname = 'it'\n{step}\n"), &[]);
        let it = ran.step("it");
        assert_eq!(
            (ran.seen.code, it["reason"].as_str()),
            (Some(1), Some(reason)),
            "{it}"
        );
        let observed = it["observed"].as_str().unwrap();
        assert!(observed.contains(what), "{observed}");
        assert!(it["ms"].as_u64().unwrap() < LONGEST, "{it}");
    }

    /// Holds the step to be well.
    fn passes(&self, steps: &str) {
        let ran = self.run(steps, &[]);
        assert_eq!(ran.seen.code, Some(0), "{:#?}", ran.seen);
    }
}

impl Ran {
    fn step(&self, name: &str) -> &Value {
        let mut steps = self.seen.data()["steps"].as_array().unwrap().iter();
        steps.find(|step| step["name"] == name).unwrap()
    }
}

/// The most memory that a process has had so far, in KiB.
fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}
