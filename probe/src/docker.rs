//! Docker's Engine API, asked over its socket: it answers in a millisecond what
//! a call of `docker` needs thirty for, and what `docker stats` needs two
//! seconds for. See <https://docs.docker.com/reference/api/engine/>.

use crate::{Deadline, aside, net};
use anyhow::Result;
use serde_json::Value;
use std::env;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;
use toolkit::command::Command;
use toolkit::failure::Failure;
use toolkit::stack::docker::UNREACHABLE;

/// Where the engine listens unless somebody says otherwise.
const SOCKET: &str = "/var/run/docker.sock";
/// The most that is read of an answer: a thousand containers describe
/// themselves in a tenth of it.
const LARGEST: u64 = 32 << 20;

/// Where Docker's engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Engine {
    Unix(PathBuf),
    Tcp(net::Address),
}

impl Engine {
    /// The engine that the program `docker` would speak to.
    ///
    /// # Errors
    /// `docker_unreachable` for one that is reached over SSH.
    pub(crate) fn find(deadline: Deadline) -> Result<Self> {
        let named = |name| env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(host) = named("DOCKER_HOST") {
            return Self::at(&host);
        }
        if named("DOCKER_CONTEXT").is_none() && !has_context() {
            return Ok(Self::Unix(SOCKET.into()));
        }
        let host = aside::ask(deadline, || {
            let format = "{{.Endpoints.docker.Host}}";
            Command::new("docker")
                .args(["context", "inspect", "--format", format])
                .read()
        })?;
        Self::at(String::from_utf8_lossy(&host).trim())
    }

    fn at(host: &str) -> Result<Self> {
        let unusable = || {
            Failure::new(
                UNREACHABLE,
                format!("the Docker engine `{host}` has no socket here"),
            )
            .hint("set DOCKER_HOST to `unix://…` or `tcp://…`, or run this where the engine runs")
        };
        match host.split_once("://") {
            Some(("unix", path)) => Ok(Self::Unix(path.into())),
            Some(("tcp", address)) => match address.trim_end_matches('/').parse() {
                Ok(address) => Ok(Self::Tcp(address)),
                Err(_) => Err(unusable().into()),
            },
            _ => Err(unusable().into()),
        }
    }

    /// What the engine answers at `path`; none where there is no such thing.
    ///
    /// # Errors
    /// `docker_unreachable`, `docker_refused`, `timeout`.
    pub(crate) fn get(&self, path: &str, deadline: Deadline) -> Result<Option<Value>> {
        // To the older protocol it answers in one piece, and then closes.
        let request = format!("GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n");
        let mut stream = self.connect(deadline)?;
        stream.limit(deadline.left()?)?;
        stream
            .write_all(request.as_bytes())
            .map_err(|error| deadline.explain(error))?;
        let answer = read(&mut stream, deadline)?;
        parse(&answer)
    }

    fn connect(&self, deadline: Deadline) -> Result<Stream> {
        let path = match self {
            Self::Tcp(address) => {
                let (stream, _) = net::connect(address, deadline)?;
                return Ok(Stream::Tcp(stream));
            }
            Self::Unix(path) => path.clone(),
        };
        aside::ask(deadline, move || match UnixStream::connect(&path) {
            Ok(stream) => Ok(Stream::Unix(stream)),
            Err(error) => {
                let shown = path.display();
                let hint = match error.kind() {
                    ErrorKind::PermissionDenied => {
                        "run it as root, or add this user to the docker group"
                    }
                    _ => "start it with `sudo systemctl start docker`, or correct DOCKER_HOST",
                };
                let message = format!("cannot reach the Docker engine at `{shown}`: {error}");
                Err(Failure::new(UNREACHABLE, message).hint(hint).into())
            }
        })
    }
}

/// Whether the user's configuration of `docker` names another engine.
fn has_context() -> bool {
    let folder = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")));
    let bytes = folder.and_then(|folder| fs::read(folder.join("config.json")).ok());
    let config: Option<Value> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    config.is_some_and(|config| !matches!(config["currentContext"].as_str(), None | Some("")))
}

enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    fn limit(&self, left: Duration) -> std::io::Result<()> {
        match self {
            Self::Unix(stream) => stream
                .set_read_timeout(Some(left))
                .and_then(|()| stream.set_write_timeout(Some(left))),
            Self::Tcp(stream) => stream
                .set_read_timeout(Some(left))
                .and_then(|()| stream.set_write_timeout(Some(left))),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Tcp(stream) => stream.write_all(bytes),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(buffer),
            Self::Tcp(stream) => stream.read(buffer),
        }
    }
}

fn read(stream: &mut Stream, deadline: Deadline) -> Result<Vec<u8>> {
    let mut answer = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        // Each read anew: who sends a byte a second is late too.
        stream.limit(deadline.left()?)?;
        let got = match stream.read(&mut buffer) {
            Ok(0) => return Ok(answer),
            Ok(got) => got,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(deadline.explain(error)),
        };
        answer.extend_from_slice(&buffer[..got]);
        if answer.len() as u64 > LARGEST {
            return Err(confused("it does not end").into());
        }
    }
}

fn parse(answer: &[u8]) -> Result<Option<Value>> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.ok_or_else(|| confused("it is no HTTP"))?);
    let head = String::from_utf8_lossy(head);
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    let body: Value = serde_json::from_slice(&body[4..])
        .map_err(|_| confused(&format!("status {status}, and no JSON")))?;
    match status {
        "200" => Ok(Some(body)),
        "404" => Ok(None),
        _ => {
            let said = body["message"].as_str().unwrap_or("no reason");
            let message = format!("the Docker engine refused ({status}): {}", said.trim());
            Err(Failure::new("docker_refused", message).into())
        }
    }
}

fn confused(what: &str) -> Failure {
    Failure::new(
        UNREACHABLE,
        format!("the Docker engine's answer cannot be read: {what}"),
    )
    .hint("check that DOCKER_HOST is the address of a Docker engine")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_where_engines_are() {
        let unix = Engine::at("unix:///run/user/1000/docker.sock").unwrap();
        assert_eq!(unix, Engine::Unix("/run/user/1000/docker.sock".into()));
        let tcp = Engine::at("tcp://127.0.0.1:2375").unwrap();
        assert_eq!(tcp, Engine::Tcp(net::Address::new("127.0.0.1", 2375)));
        for host in ["ssh://root@prod", "", "tcp://nowhere", "/var/run"] {
            let error = Engine::at(host).unwrap_err();
            assert_eq!(Failure::of(&error).reason, UNREACHABLE, "{host}");
        }
    }

    #[test]
    fn reads_answers_and_refusals() {
        let ok = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":1}\n";
        assert_eq!(parse(ok).unwrap().unwrap()["a"], 1);
        let none = b"HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"no such container\"}";
        assert_eq!(parse(none).unwrap(), None);
        let refused = b"HTTP/1.0 503 Service Unavailable\r\n\r\n{\"message\":\"no swarm\"}";
        let failure = Failure::of(&parse(refused).unwrap_err());
        assert_eq!(failure.reason, "docker_refused");
        assert!(failure.message.contains("no swarm"), "{failure}");
        for garbage in [&b""[..], b"SSH-2.0-OpenSSH\r\n\r\n", b"\xff\xfe\r\n\r\n{"] {
            assert_eq!(
                Failure::of(&parse(garbage).unwrap_err()).reason,
                UNREACHABLE
            );
        }
    }
}
