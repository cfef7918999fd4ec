//! What a run that was killed leaves, and what the next one makes of it.

use super::replace::place;
use super::servers::{
    Container, Local, REDIS_7, ask, digest, dumped, eventually, fill, keyspace, scratches,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toolkit::command::{Command, Io, Running};
use toolkit::failure::{Exit, Failure};
use toolkit::redis::{Link, Persisted, Place, Scratch, Server, repair, replace};
use toolkit::signals;

const OPTIONS: &[&str] = &[
    "--appendonly",
    "yes",
    "--enable-debug-command",
    "yes",
    "--requirepass",
    "kill-nine",
];

/// The other process: this very test, told what to do by its environment.
#[test]
fn replaces_what_its_environment_names() {
    let variable = |name| std::env::var(name).ok();
    let (Some(url), Some(rdb)) = (variable("LIVE_URL"), variable("LIVE_RDB")) else {
        // In an ordinary run, there must at least be what it is started by.
        assert!(std::env::current_exe().unwrap().is_file());
        return;
    };
    let place = match (variable("LIVE_CONTAINER"), variable("LIVE_IMAGE")) {
        (Some(id), Some(image)) => Place::Container { id, image },
        _ => Place::Host,
    };
    let (server, rdb) = (Server::from_url(&url).unwrap(), Path::new(&rdb));
    signals::listen().unwrap();
    signals::begin_work();
    if variable("LIVE_CHECK").is_none() {
        replace(&server, &place, rdb).unwrap();
        return;
    }
    let _scratch = match place {
        Place::Container { id, image } => Scratch::beside(&id, &image, rdb, &[]).unwrap(),
        Place::Host => Scratch::local(rdb).unwrap(),
    };
    signals::sleep(Duration::from_secs(600)).unwrap();
}

/// The other process, given what every way of starting it needs.
fn this_program(url: &str, rdb: &Path) -> Command {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::replaces_what_its_environment_names"])
        .env("LIVE_URL", url)
        .env("LIVE_RDB", rdb)
}

fn for_container(container: &Container, rdb: &Path) -> Command {
    let url = format!("redis://:kill-nine@{}", container.address());
    this_program(&url, rdb)
        .env("LIVE_CONTAINER", &container.id)
        .env("LIVE_IMAGE", container.image())
}

fn other_process(container: &Container, rdb: &Path) -> Running {
    let command = for_container(container, rdb);
    command.start(Io::default()).unwrap()
}

/// Kills the other process as soon as this is so.
fn kill_when(running: Running, mut so: impl FnMut() -> anyhow::Result<bool>) {
    eventually("the moment never comes", || {
        anyhow::ensure!(so()?);
        Ok(())
    });
    running.group().kill();
    running.wait().unwrap();
}

struct Scene {
    container: Container,
    rdb: tempfile::NamedTempFile,
    content: String,
    old: String,
}

/// A server with other data than those of the dump.
fn scene() -> Scene {
    let container = Container::start(REDIS_7, OPTIONS);
    let server = container.server();
    fill(&server);
    ask(&server, &["DEBUG", "POPULATE", "50000", "many", "100"]);
    let rdb = dumped(&server);
    let content = digest(&server);
    ask(&server, &["FLUSHALL"]);
    ask(&server, &["DEBUG", "POPULATE", "1000", "old", "100"]);
    // What DEBUG makes is in no AOF before the next rewrite.
    ask(&server, &["BGREWRITEAOF"]);
    eventually("the AOF is not rewritten", || {
        let info = Link::open(&server)?.info("persistence")?;
        anyhow::ensure!(
            info["aof_rewrite_in_progress"] == "0" && info["aof_rewrite_scheduled"] == "0"
        );
        Ok(())
    });
    let old = digest(&server);
    Scene {
        container,
        rdb,
        content,
        old,
    }
}

/// Lets a server take 100 microseconds to load a key, and answer meanwhile.
fn slow(server: &Server) {
    ask(
        server,
        &[
            "CONFIG",
            "SET",
            "loading-process-events-interval-bytes",
            "32768",
        ],
    );
    ask(server, &["CONFIG", "SET", "key-load-delay", "100"]);
}

impl Scene {
    fn role(&self) -> anyhow::Result<String> {
        let mut info = Link::open(&self.container.server())?.info("replication")?;
        Ok(info.remove("role").unwrap_or_default())
    }

    /// Makes taking the data last for seconds, so that a moment in it can be met
    /// on a busy machine too: so many microseconds a key. A restart ends it.
    fn slow(self) -> Self {
        slow(&self.container.server());
        self
    }

    /// The application can write, whatever happened; the next run succeeds, and
    /// leaves nothing but the data.
    fn recovers(&self) {
        let server = self.container.server();
        ask(&server, &["CONFIG", "SET", "key-load-delay", "0"]);
        eventually("the application cannot write", || {
            Link::open(&server)?.command(&["SET", "application", "works"])
        });
        let replaced = replace(&server, &place(&self.container), self.rdb.path()).unwrap();
        assert_eq!(replaced.persisted, Persisted::Aof);
        assert_eq!(self.role().unwrap(), "master");
        assert_eq!(digest(&server), self.content);
        assert_eq!(scratches(&self.container), Vec::<String>::new());
        let mut link = Link::open(&server).unwrap();
        let setting = link.setting("replica-read-only").unwrap();
        assert_eq!(setting.as_deref(), Some("yes"));
        assert_eq!(link.setting("masterauth").unwrap().as_deref(), Some(""));
        self.container.restart();
        assert_eq!(digest(&self.container.server()), self.content);
    }
}

#[test]
fn as_the_throwaway_server_is_made() {
    let scene = scene();
    let running = other_process(&scene.container, scene.rdb.path());
    kill_when(running, || Ok(!scratches(&scene.container).is_empty()));
    assert_eq!(digest(&scene.container.server()), scene.old);
    scene.recovers();
}

#[test]
fn as_the_live_server_follows() {
    let scene = scene().slow();
    let running = other_process(&scene.container, scene.rdb.path());
    kill_when(running, || Ok(scene.role()? == "slave"));
    scene.recovers();
}

#[test]
fn as_the_live_server_has_the_data() {
    let scene = scene();
    let running = other_process(&scene.container, scene.rdb.path());
    let server = scene.container.server();
    kill_when(running, || Ok(keyspace(&server)[&0].keys > 50_000));
    scene.recovers();
}

#[test]
fn and_the_live_server_was_restarted_meanwhile() {
    let scene = scene().slow();
    let running = other_process(&scene.container, scene.rdb.path());
    kill_when(running, || Ok(scene.role()? == "slave"));
    scene.container.restart();
    assert_eq!(scene.role().unwrap(), "master");
    let found = digest(&scene.container.server());
    assert!(found == scene.old || found == scene.content);
    scene.recovers();
}

#[test]
fn and_only_repaired() {
    let scene = scene().slow();
    let running = other_process(&scene.container, scene.rdb.path());
    kill_when(running, || Ok(scene.role()? == "slave"));
    // A check that comes in between leaves alone what is being followed.
    Scratch::sweep().unwrap();
    assert_eq!(scratches(&scene.container).len(), 1);
    repair(&scene.container.server(), &place(&scene.container)).unwrap();
    assert_eq!(scene.role().unwrap(), "master");
    assert_eq!(scratches(&scene.container), Vec::<String>::new());
    let found = digest(&scene.container.server());
    assert!(found == scene.old || found == scene.content);
}

#[test]
fn on_this_machine() {
    let local = Local::plain(&["--appendonly", "yes", "--enable-debug-command", "yes"]);
    let server = local.server();
    fill(&server);
    ask(&server, &["DEBUG", "POPULATE", "50000", "many", "100"]);
    let (rdb, content) = (dumped(&server), digest(&server));
    ask(&server, &["FLUSHALL"]);
    slow(&server);
    let command = this_program(&server.to_string(), rdb.path());
    kill_when(command.start(Io::default()).unwrap(), || {
        let info = Link::open(&server)?.info("replication")?;
        Ok(info["role"] == "slave")
    });
    let file = rdb.path().canonicalize().unwrap();
    assert_eq!(folders_of(&file).len(), 1);
    Scratch::sweep().unwrap();
    assert_eq!(folders_of(&file).len(), 1);
    ask(&server, &["CONFIG", "SET", "key-load-delay", "0"]);
    replace(&server, &Place::Host, rdb.path()).unwrap();
    assert_eq!(digest(&server), content);
    assert_eq!(folders_of(&file), Vec::<PathBuf>::new());
    assert_eq!(processes_on(&file), 0);
}

#[test]
fn as_it_only_checks() {
    let container = Container::start(REDIS_7, OPTIONS);
    fill(&container.server());
    let rdb = dumped(&container.server());
    let beside = for_container(&container, rdb.path()).env("LIVE_CHECK", "1");
    kill_when(beside.start(Io::default()).unwrap(), || {
        Ok(!scratches(&container).is_empty())
    });
    assert_eq!(scratches(&container).len(), 1);

    let local = this_program("redis://unused", rdb.path()).env("LIVE_CHECK", "1");
    let file = rdb.path().canonicalize().unwrap();
    kill_when(local.start(Io::default()).unwrap(), || {
        Ok(processes_on(&file) > 0)
    });
    assert_eq!(folders_of(&file).len(), 1);

    Scratch::sweep().unwrap();
    assert_eq!(scratches(&container), Vec::<String>::new());
    assert_eq!(folders_of(&file), Vec::<PathBuf>::new());
    assert_eq!(processes_on(&file), 0);
}

#[test]
fn a_signal_puts_everything_back() {
    let scene = scene().slow();
    let server = scene.container.server();
    let running = other_process(&scene.container, scene.rdb.path());
    eventually("the live server never follows", || {
        anyhow::ensure!(scene.role()? == "slave");
        Ok(())
    });
    running.group().terminate();
    assert!(!running.wait().unwrap().status.success());
    assert_eq!(scene.role().unwrap(), "master");
    assert_eq!(scratches(&scene.container), Vec::<String>::new());
    let mut link = Link::open(&server).unwrap();
    let setting = link.setting("replica-read-only").unwrap();
    assert_eq!(setting.as_deref(), Some("yes"));
    let found = digest(&server);
    assert!(found == scene.old || found == scene.content);
    link.command(&["SET", "application", "works"]).unwrap();
}

#[test]
fn two_at_once_do_not_meddle() {
    let scene = scene().slow();
    let server = scene.container.server();
    let place = place(&scene.container);
    let running = other_process(&scene.container, scene.rdb.path());
    eventually("the other run never starts", || {
        anyhow::ensure!(!scratches(&scene.container).is_empty());
        Ok(())
    });
    let failure = Failure::of(&repair(&server, &place).unwrap_err());
    assert_eq!((failure.reason, failure.exit), ("redis_busy", Exit::Locked));
    assert!(running.wait().unwrap().status.success());
    assert_eq!(digest(&server), scene.content);
}

/// The folders of local throwaway servers of this file.
fn folders_of(rdb: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let folders = entries.map(|entry| entry.path());
    let linked = |folder: &PathBuf| fs::read_link(folder.join("dump.rdb")).ok();
    folders
        .filter(|folder| linked(folder).as_deref() == Some(rdb))
        .collect()
}

/// How many processes work in those folders, or in ones that are gone.
fn processes_on(rdb: &Path) -> usize {
    let folders = folders_of(rdb);
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let places = processes.filter_map(|process| fs::read_link(process.path().join("cwd")).ok());
    places.filter(|place| folders.contains(place)).count()
}

#[test]
fn and_nothing_left_shows_a_secret() {
    let scene = scene().slow();
    let running = other_process(&scene.container, scene.rdb.path());
    kill_when(running, || Ok(scene.role()? == "slave"));
    let [id] = &scratches(&scene.container)[..] else {
        panic!("there is not one scratch container");
    };
    let all = super::servers::docker(&["inspect", id]);
    assert!(!all.contains("kill-nine"));
    scene.recovers();
}
