//! What a container uses, as the kernel's files say and as the engine does.

use crate::looked::{Looked, Removed, docker, is, measure};
use bytesize::ByteSize;
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::thread;
use toolkit::record::Status;
use toolkit::testing::until;

/// Says to the test that it is the process that it started itself, and what to
/// look at.
const CHILD: &str = "SEXTANT_TEST_LOOKS_AT";

#[test]
fn both_ways_count_the_same() {
    // The engine's place is the environment's, and so another process's.
    if let Ok(container) = std::env::var(CHILD) {
        let limits = "cpu = { fail = 1000 }\nmemory = { fail = 99 }";
        let check = format!("kind = 'container'\ncontainer = '{container}'\n{limits}");
        let found = Looked::alone().at(&check);
        is(&found, Status::Ok, "");
        let (memory, cpu) = (measure(&found, "memory"), measure(&found, "cpu_used"));
        println!("counted {memory} {cpu}");
        return;
    }
    let (busy, other) = (busy("0.5"), busy("0.1"));
    let silent = Engine::start(|path, answer| (!path.contains("/stats")).then_some(answer));
    let pid: i64 = pid(&other.1).parse().unwrap();
    let mistaken = Engine::start(move |_, mut answer| {
        if let Some(state) = answer.get_mut("State") {
            state["Pid"] = pid.into();
        }
        Some(answer)
    });
    until("the three of them agree", || {
        // By the files alone; by the engine alone, for that process is another's.
        let by_files = silent.counted(&busy.1);
        let by_engine = mistaken.counted(&busy.1);
        let usage = ["stats", "--no-stream", "--format", "{{.MemUsage}}", &busy.1];
        let shown = docker(&usage);
        let shown: ByteSize = shown.split(" / ").next().unwrap().parse().unwrap();
        let shown = f64::from(u32::try_from(shown.as_u64()).unwrap());
        eprintln!("{by_files:?} {by_engine:?} {shown}");
        let is_full = |(_, cpu): (f64, f64)| (75.0..125.0).contains(&cpu);
        // It shows four digits.
        (by_files.0 - by_engine.0).abs() < 0.1
            && (by_files.0 - shown).abs() < shown / 1000.0
            && is_full(by_files)
            && is_full(by_engine)
    });
}

fn pid(container: &str) -> String {
    docker(&["inspect", "--format", "{{.State.Pid}}", container])
}

/// A container that uses all that it may of the processors.
fn busy(cpus: &str) -> Removed {
    let run = ["run", "--detach", "--pull", "never", "--no-healthcheck"];
    let limits = ["--memory", "64m", "--cpus", cpus, "--entrypoint", "sh"];
    let image = ["sextant-dev/redis:8", "-c", "while :; do :; done"];
    let id = docker(&[&run[..], &limits, &image].concat());
    Removed(&["rm", "--force", "--volumes"], id)
}

/// This machine's engine, behind one that changes its answers.
struct Engine {
    folder: tempfile::TempDir,
}

impl Engine {
    /// `change` makes of a path and the answer another answer; none is an error.
    fn start(change: impl Fn(&str, Value) -> Option<Value> + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &change);
            }
        });
        Self { folder }
    }

    /// Memory and processors, as a check finds them by this engine.
    fn counted(&self, container: &str) -> (f64, f64) {
        let socket = self.folder.path().join("docker.sock");
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "usage::both_ways_count_the_same", "--nocapture"])
            .env("DOCKER_HOST", format!("unix://{}", socket.display()))
            .env(CHILD, container)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let counted = said.split_once("counted ").map(|(_, numbers)| numbers);
        let counted = counted.unwrap_or_else(|| panic!("{output:?}"));
        let mut numbers = counted.split_whitespace().map(str::parse);
        let mut next = || numbers.next().unwrap().unwrap();
        (next(), next())
    }
}

fn answer(mut stream: UnixStream, change: &impl Fn(&str, Value) -> Option<Value>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        request.extend(byte);
    }
    let mut engine = UnixStream::connect("/var/run/docker.sock").unwrap();
    engine.write_all(&request).unwrap();
    let mut said = Vec::new();
    engine.read_to_end(&mut said).unwrap();
    let said = String::from_utf8(said).unwrap();
    let (_, body) = said.split_once("\r\n\r\n").unwrap();
    let request = String::from_utf8(request).unwrap();
    let path = request.split(' ').nth(1).unwrap();
    let answer = match change(path, serde_json::from_str(body).unwrap()) {
        Some(body) => format!("HTTP/1.0 200 OK\r\n\r\n{body}"),
        None => "HTTP/1.0 500 No\r\n\r\n{}".to_owned(),
    };
    stream.write_all(answer.as_bytes()).unwrap();
}
