//! Servers that a test starts, asks and gets rid of.

use redis::Value;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::{NamedTempFile, TempDir};
use toolkit::command::{Command, Io, Running};
use toolkit::redis::{Keyspace, Link, Server};

pub(crate) const REDIS_7: &str = "sextant-dev/redis:7";
pub(crate) const REDIS_8: &str = "sextant-dev/redis:8";

/// Tries until it holds, and fails with the last reason when it never does.
pub(crate) fn eventually<T>(what: &str, mut attempt: impl FnMut() -> anyhow::Result<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(180);
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(error) if Instant::now() > deadline => panic!("{what}: {error:#}"),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// A server that answers is ready.
fn wait_for(server: &Server) {
    eventually("the server never answers", || {
        Link::open(server)?.command(&["PING"])
    });
}

/// `docker` with these arguments; what it wrote.
pub(crate) fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).read().unwrap();
    String::from_utf8(output).unwrap().trim().to_owned()
}

/// A Redis in a container of its own, with a volume of its own.
pub(crate) struct Container {
    pub(crate) id: String,
    password: Option<String>,
}

impl Container {
    /// The image's `redis-server` with these options.
    pub(crate) fn start(image: &str, options: &[&str]) -> Self {
        let run = ["run", "--detach", "--pull", "never", image, "redis-server"];
        let id = docker(&[&run[..], options].concat());
        let password = options
            .iter()
            .skip_while(|word| **word != "--requirepass")
            .nth(1);
        let container = Self {
            id,
            password: password.map(ToString::to_string),
        };
        wait_for(&container.server());
        container
    }

    pub(crate) fn inspect(&self, what: &str) -> String {
        docker(&["inspect", "--format", what, &self.id])
    }

    pub(crate) fn image(&self) -> String {
        self.inspect("{{.Image}}")
    }

    /// Its address within the bridge network; another one after a restart.
    pub(crate) fn address(&self) -> SocketAddr {
        let ip = self.inspect("{{.NetworkSettings.IPAddress}}");
        format!("{ip}:6379").parse().unwrap()
    }

    pub(crate) fn server(&self) -> Server {
        let server = Server::tcp(self.address());
        match &self.password {
            Some(password) => server.password(password),
            None => server,
        }
    }

    /// Started again after it had no time to save anything.
    pub(crate) fn crash(&self) {
        docker(&["kill", &self.id]);
        docker(&["start", &self.id]);
        wait_for(&self.server());
    }

    pub(crate) fn restart(&self) {
        docker(&["restart", &self.id]);
        wait_for(&self.server());
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["rm", "--force", "--volumes", &self.id])
            .read();
    }
}

/// The `redis-server` of this machine, in a folder of its own.
pub(crate) struct Local {
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
    _running: Running,
}

impl Local {
    /// Started with these options, and answering `server`.
    pub(crate) fn start(options: &[&str], server: impl FnOnce(&Path, u16) -> Server) -> Self {
        let folder = TempDir::new().unwrap();
        let port = free_port();
        let server = server(folder.path(), port);
        let running = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--dir"])
            .arg(folder.path())
            .args(["--port", &port.to_string()])
            .args(options.iter().copied())
            .start(Io::default())
            .unwrap();
        let local = Self {
            folder,
            port,
            _running: running,
        };
        wait_for(&server);
        local
    }

    /// The same, without a password.
    pub(crate) fn plain(options: &[&str]) -> Self {
        Self::start(options, |_, port| tcp(port))
    }

    pub(crate) fn server(&self) -> Server {
        tcp(self.port)
    }
}

pub(crate) fn tcp(port: u16) -> Server {
    Server::tcp(([127, 0, 0, 1], port).into())
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub(crate) fn ask(server: &Server, words: &[&str]) -> Value {
    Link::open(server).unwrap().command(words).unwrap()
}

pub(crate) fn keyspace(server: &Server) -> Keyspace {
    Link::open(server).unwrap().keyspace().unwrap()
}

/// Every kind of value that the server knows, in three databases; functions
/// and fields that expire where it knows them.
pub(crate) fn fill(server: &Server) {
    let mut link = Link::open(server).unwrap();
    let mut run = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        link.command(&words).unwrap()
    };
    for line in [
        "SET text hello",
        "SET number 12345",
        "SET negative -7",
        "SETBIT bits 99999 1",
        "RPUSH list a b 3 d",
        "SADD integers 1 2 3",
        "SADD mixed a b 3",
        "HSET hash a 1 b two",
        "ZADD scores 1 a 2.5 b inf c -inf d",
        "XADD stream 1-1 field value",
        "XADD stream 1-2 field value",
        "XADD stream 2-1 other value",
        "XDEL stream 1-2",
        "XGROUP CREATE stream readers 0",
        "XREADGROUP GROUP readers me COUNT 1 STREAMS stream >",
        "PFADD loglog a b c",
        "GEOADD places 2.35 48.85 paris",
        "SET expires soon EX 100000",
        "SETEX expires-too 200000 x",
        "SELECT 3",
        "SET other database",
        "SET other-expires x PX 99999999",
        "SELECT 15",
        "SADD last x",
        "SELECT 0",
    ] {
        run(line);
    }
    for number in 0..600 {
        run(&format!("RPUSH long-list element-number-{number}"));
        run(&format!("SADD big-set member-{number}"));
        run(&format!("HSET big-hash field-{number} value-{number}"));
        run(&format!("ZADD big-scores {number}.5 member-{number}"));
        run(&format!("SADD big-integers {number}"));
    }
    let long = "compressible ".repeat(1000);
    link.command(&["SET", "long", &long]).unwrap();
    let library = "#!lua name=sextant\nredis.register_function('answer', function() return 42 end)";
    link.command(&["FUNCTION", "LOAD", library]).unwrap();
}

/// Hashes with fields that expire, and vectors, whose type is a module's: what
/// Redis 8 has and 7.0 has not.
pub(crate) fn fill_news_of_8(server: &Server) {
    let mut link = Link::open(server).unwrap();
    let mut run = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        link.command(&words).unwrap()
    };
    run("HSET small-expiring a 1 b 2");
    run("HEXPIRE small-expiring 100000 FIELDS 1 a");
    for number in 0..600 {
        run(&format!("HSET big-expiring field-{number} value"));
    }
    run("HEXPIRE big-expiring 100000 FIELDS 1 field-7");
    run("VADD vectors VALUES 3 1 2.5 3 item");
    run("VADD vectors VALUES 3 -1 2.5 7 other");
}

/// A dump of the server, as a file.
pub(crate) fn dumped(server: &Server) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    toolkit::redis::dump(server, &mut file).unwrap();
    file
}

/// A digest of everything in all databases, as the server itself computes it.
pub(crate) fn digest(server: &Server) -> String {
    let answer = ask(server, &["DEBUG", "DIGEST"]);
    redis::from_redis_value(answer).unwrap()
}

/// The scratch containers beside this one.
pub(crate) fn scratches(container: &Container) -> Vec<String> {
    let filter = "label=sextant.scratch";
    let all = docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", filter]);
    let label = r#"{{index .Config.Labels "sextant.scratch"}}"#;
    let beside = |id: &&str| {
        let inspect = Command::new("docker").args(["inspect", "--format", label, id]);
        // It may be gone by now.
        let tag = inspect.read().unwrap_or_default();
        String::from_utf8_lossy(&tag).contains(&container.id)
    };
    all.lines().filter(beside).map(str::to_owned).collect()
}
