//! A PostgreSQL server in a container, gone when the test ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use toolkit::command::{Command, Io};
use toolkit::postgres::{Params, Server, Session};
use ulid::Ulid;

pub(crate) const USER: &str = "app";
pub(crate) const PASSWORD: &str = "pa55-w0rd-of-app";
pub(crate) const DATABASE: &str = "shop";

pub(crate) struct Container {
    pub(crate) id: String,
}

/// One for each version, shared by the tests that run at the same time.
static SHARED: Mutex<Option<HashMap<u32, Weak<Container>>>> = Mutex::new(None);

impl Container {
    /// A server that other tests may use too: databases want names of their
    /// own.
    pub(crate) fn shared(major: u32) -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shared.get_or_insert_default();
        if let Some(container) = known.get(&major).and_then(Weak::upgrade) {
            return container;
        }
        let container = Arc::new(Self::start(major));
        known.insert(major, Arc::downgrade(&container));
        container
    }

    /// A server of one test alone, which may stop it.
    pub(crate) fn start(major: u32) -> Self {
        Self::start_with(major, &[])
    }

    /// The same, with arguments of its own for `docker run`.
    pub(crate) fn start_with(major: u32, options: &[&str]) -> Self {
        let name = format!(
            "toolkit-test-{}",
            Ulid::generate().to_string().to_lowercase()
        );
        let output = Command::new("docker")
            .args(["run", "--detach", "--rm", "--name", &name])
            .args(["--env", &format!("POSTGRES_USER={USER}")])
            .args(["--env", &format!("POSTGRES_PASSWORD={PASSWORD}")])
            .args(["--env", &format!("POSTGRES_DB={DATABASE}")])
            .args(options.iter().copied())
            .arg(format!("sextant-dev/postgres:{major}"))
            .args(["-c", "fsync=off"])
            .read()
            .expect("docker and its image `sextant-dev/postgres`");
        let id = String::from_utf8(output).unwrap().trim().to_owned();
        let container = Self { id };
        // The server that the image sets itself up with has no TCP port.
        let ready = ["pg_isready", "--quiet", "--host=127.0.0.1"];
        until(|| {
            assert!(container.runs(), "the server did not start");
            container.exec(&ready)
        });
        container
    }

    pub(crate) fn server(&self) -> Server {
        Server::in_container(&self.id, USER, None)
    }

    /// A way to the same server from here.
    pub(crate) fn direct(&self) -> Server {
        let url = format!("postgres://{USER}:{PASSWORD}@{}/{DATABASE}", self.address());
        Server::direct(Params::resolve(Some(&url), &|_| None).unwrap())
    }

    pub(crate) fn address(&self) -> String {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let output = Command::new("docker")
            .args(["inspect", "--format", format, &self.id])
            .read()
            .unwrap();
        String::from_utf8(output).unwrap().trim().to_owned()
    }

    /// A new database with a name of its own.
    pub(crate) fn database(&self, options: &str) -> String {
        let name = format!("db_{}", Ulid::generate().to_string().to_lowercase());
        let mut session = Session::open(&self.server(), "template1").unwrap();
        session
            .execute(&format!("CREATE DATABASE {name} {options}"))
            .unwrap();
        name
    }

    /// Runs SQL in `database`, all of it or nothing.
    pub(crate) fn run(&self, database: &str, sql: &str) {
        let mut session = Session::open(&self.direct(), database).unwrap();
        session.execute("RESET search_path").unwrap();
        session.execute(sql).unwrap();
    }

    /// Whether a command inside it ends with status 0.
    pub(crate) fn exec(&self, argv: &[&str]) -> bool {
        let command = Command::new("docker").args(["exec", &self.id]);
        let running = command.args(argv.iter().copied()).start(Io::default());
        running.unwrap().wait().unwrap().status.success()
    }

    fn runs(&self) -> bool {
        let inspect = Command::new("docker").args(["inspect", "--format", "{{.State.Running}}"]);
        inspect
            .arg(&self.id)
            .read()
            .is_ok_and(|state| state == b"true\n")
    }
}

impl Drop for Container {
    // `toolkit` starts nothing any more once a test was interrupted.
    #[allow(clippy::disallowed_methods)]
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker")
            .args(["rm", "--force", "--volumes", &self.id])
            .output();
    }
}

/// Waits for a condition; one that does not come to pass fails the test.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(180);
    while !condition() {
        assert!(Instant::now() < patience, "waited in vain");
    }
}
