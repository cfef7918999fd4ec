//! A stack whose Redis takes seconds to be given its data, so that a moment in
//! it can be met on a busy machine too.

use crate::state::{self, State};
use crate::{RESTORE, backup, filled};
use std::process::{Child, Stdio};
use toolkit::redis::{Info, Link, Server};
use toolkit::testing::{Place, Stack, until};

/// How many keys are saved beside those of every kind.
const SAVED: u32 = 20_000;
/// How many others are there when the set is brought back.
const LOST: u32 = 1_000;

/// A stack of one test alone, and a set of it.
pub(crate) struct Refilled {
    pub(crate) stack: Stack,
    pub(crate) place: Place,
    /// The keys of the set.
    saved: Vec<String>,
}

impl Refilled {
    pub(crate) fn new() -> Self {
        let stack = filled();
        let place = stack.place();
        populate(&stack, "saved", SAVED);
        let saved = state::redis(&stack);
        let _ = backup(&place, &[]).succeeded();
        let refilled = Self {
            stack,
            place,
            saved,
        };
        // Of what the set holds too, only Redis is to be brought back.
        refilled.place.write("uploads/logo.svg", "newer");
        refilled.stack.sql("shop", "CREATE TABLE newer (a int)");
        refilled
    }

    /// Gives it other data than those of the set; all that is live then.
    pub(crate) fn lose(&self) -> State {
        self.stack.redis(&["FLUSHALL"]);
        populate(&self.stack, "lost", LOST);
        State::of(&self.stack)
    }

    /// What `live` becomes when Redis alone is brought back.
    pub(crate) fn restored(&self, live: &State) -> State {
        State {
            redis: self.saved.clone(),
            ..live.clone()
        }
    }

    /// Lets it take 100 microseconds to load a key and 200 to save one, and
    /// answer meanwhile. A crash ends it.
    pub(crate) fn slow(&self) {
        self.delay("100", "200");
    }

    pub(crate) fn quick(&self) {
        self.delay("0", "0");
    }

    fn delay(&self, load: &str, save: &str) {
        let mut link = self.link();
        for (name, value) in [
            ("loading-process-events-interval-bytes", "32768"),
            ("key-load-delay", load),
            ("rdb-key-save-delay", save),
        ] {
            link.command(&["CONFIG", "SET", name, value]).unwrap();
        }
    }

    /// Ends it without time to save anything, and starts it again.
    pub(crate) fn crash(&self) {
        for verb in ["kill", "start"] {
            let mut docker = self.stack.tool("docker");
            let docker = docker.args([verb, self.stack.container("redis")]);
            assert!(docker.output().unwrap().status.success(), "docker {verb}");
        }
        self.stack.wait();
    }

    /// Starts to bring Redis back, and nothing else.
    pub(crate) fn start(&self) -> Child {
        let mut command = self.place.tool(RESTORE);
        command.args(["latest", "redis", "--yes"]);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// A connection of this process, which starts no other one with a secret.
    pub(crate) fn link(&self) -> Link {
        let address = format!("{}:6379", self.stack.address("redis"));
        let server = Server::tcp(address.parse().unwrap());
        Link::open(&server.password(self.stack.redis_password())).unwrap()
    }

    pub(crate) fn follows(&self) -> bool {
        is(&self.info("replication"), "role", "slave")
    }

    pub(crate) fn info(&self, section: &str) -> Info {
        self.link().info(section).unwrap()
    }

    /// Waits until it has all that it is being sent.
    pub(crate) fn until_it_rests(&self) {
        until("Redis has what it is sent", || {
            let info = self.info("everything");
            is(&info, "loading", "0")
                && (is(&info, "role", "master")
                    || is(&info, "master_link_status", "up")
                        && is(&info, "master_sync_in_progress", "0"))
        });
    }
}

/// Whether a field is so.
pub(crate) fn is(info: &Info, name: &str, value: &str) -> bool {
    info.get(name).is_some_and(|found| found == value)
}

fn populate(stack: &Stack, name: &str, keys: u32) {
    let script = "for i = 1, ARGV[2] do
            redis.call('SET', ARGV[1] .. ':' .. i, string.rep(i % 10, 100))
        end";
    stack.redis(&["EVAL", script, "0", name, &keys.to_string()]);
}
