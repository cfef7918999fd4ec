//! File systems of a few pages, to fill: only root may mount one, but whoever may
//! use Docker may have one mounted in a container.

use super::Place;
use super::stack::said;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use ulid::Ulid;

/// Has `pg_dump` of the newest PostgreSQL, and libraries no older than those that
/// the tools were linked with.
const IMAGE: &str = "sextant-dev/postgres:17";
/// Says that it is there, and ends with its stdin: with the process of the tests,
/// however that ends.
const WAITS: &str = "echo there; exec cat";

/// Small file systems, and a tool that is run where they are mounted: in a
/// container, as the user of the tests. Gone when it is dropped.
#[derive(Debug)]
pub struct SmallDisks {
    container: String,
    waiting: Child,
    place: Place,
    tool: PathBuf,
}

impl SmallDisks {
    /// Mounts a tmpfs for each of `options`, those of tmpfs(5), where `tool` is run
    /// in the folders of `place`. It reaches no network.
    pub fn of(place: Place, tool: &str, options: &[impl AsRef<str>]) -> Self {
        Self::mount("none", place, tool, options)
    }

    /// The same, where the servers of the container `id` are at 127.0.0.1.
    pub fn beside(id: &str, place: Place, tool: &str, options: &[impl AsRef<str>]) -> Self {
        Self::mount(&format!("container:{id}"), place, tool, options)
    }

    fn mount(network: &str, place: Place, tool: &str, options: &[impl AsRef<str>]) -> Self {
        let container = format!("sextant-test-{}", Ulid::generate()).to_lowercase();
        let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
        let (user, group) = (user.as_raw(), group.as_raw());
        let mut docker = place.tool("docker");
        docker
            .args(["run", "--rm", "--interactive", "--name", &container])
            .args(["--network", network, "--no-healthcheck"])
            .args(["--user", &format!("{user}:{group}")])
            .args(["--volume", &format!("{tool}:{tool}:ro")]);
        for folder in [place.folder(), place.above()] {
            let folder = folder.display();
            docker.args(["--volume", &format!("{folder}:{folder}")]);
        }
        for (index, options) in options.iter().enumerate() {
            let (path, options) = (mount_point(index), options.as_ref());
            let mount = format!("{path}:uid={user},gid={group},mode=700,{options}");
            docker.args(["--tmpfs", &mount]);
        }
        docker
            .args(["--entrypoint", "sh", IMAGE, "-c", WAITS])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C ends the tests; the container ends after them.
            .process_group(0);
        let mut waiting = docker.spawn().expect("docker starts");
        let stdout = waiting.stdout.take().expect("stdout is piped");
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("docker writes text");
        assert_eq!(line, "there\n", "the container does not start");
        let tool = tool.into();
        Self {
            container,
            waiting,
            place,
            tool,
        }
    }

    /// Where the file system of the options at `index` is mounted.
    pub fn path(&self, index: usize) -> String {
        mount_point(index)
    }

    /// The names in it.
    pub fn names(&self, index: usize) -> Vec<String> {
        let names = self.run(&["ls", "-A", &mount_point(index)]);
        names.lines().map(str::to_owned).collect()
    }

    /// Runs a program beside them; what it wrote, trimmed.
    pub fn run(&self, argv: &[&str]) -> String {
        said(self.exec(&[]).args(argv))
    }

    /// The tool, called as [`Place::tool`] does, with the named variables of the
    /// returned command: no secret is an argument.
    pub fn tool(&self, variables: &[&str]) -> Command {
        let mut command = self.exec(variables);
        command.arg(&self.tool);
        command
    }

    fn exec(&self, variables: &[&str]) -> Command {
        let mut command = self.place.tool("docker");
        command.arg("exec").arg("--workdir");
        command.arg(self.place.folder());
        for name in ["SEXTANT_STATE", "BACKUP_DIR"].iter().chain(variables) {
            command.args(["--env", name]);
        }
        command.arg(&self.container);
        command
    }
}

impl Drop for SmallDisks {
    fn drop(&mut self) {
        // `cat` ends with its input, and Docker removes the container.
        drop(self.waiting.stdin.take());
        let _ = self.waiting.wait();
    }
}

fn mount_point(index: usize) -> String {
    format!("/small/{index}")
}
