//! What a signal ends, and what it does not.

use crate::server::{Server, json};
use crate::{SMOKETEST, site};
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use toolkit::testing::{Place, Seen, until};

/// A door that requests wait at until it is opened.
#[derive(Default)]
struct Door {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Door {
    fn wait(&self) {
        let is_open = self.is_open.lock().unwrap();
        drop(
            self.opened
                .wait_while(is_open, |is_open| !*is_open)
                .unwrap(),
        );
    }
}

impl Drop for Opens {
    fn drop(&mut self) {
        *self.0.is_open.lock().unwrap() = true;
        self.0.opened.notify_all();
    }
}

/// Opens the door when the test ends.
struct Opens(Arc<Door>);

const STEPS: &str = "[[step]]\nname = 'register'\ncall = 'POST /users 201'\ncapture = { id = '.id' }\n\
     [[step]]\nname = 'hangs'\ncall = 'GET /held 200'\ntimeout = '10m'\n\
     [[step]]\nname = 'never'\ncall = 'GET /never 200'\n\
     [[step]]\nname = 'delete'\ncall = 'DELETE /users/${id} 204'\ncleanup = true\ntimeout = '10m'\n\
     [[step]]\nname = 'program'\nkind = 'command'\nrun = 'touch cleaned'\ncleanup = true\n";

/// A server that answers no path of `held` until the test ends.
fn holding(held: &'static str) -> (Server, Opens) {
    let door = Arc::new(Door::default());
    let opens = Opens(Arc::clone(&door));
    let server = Server::start(move |asked| {
        if asked.what.contains("/held") || asked.what.starts_with(held) {
            door.wait();
        }
        match asked.what.split(' ').next() {
            Some("POST") => json(201, r#"{"id": 41}"#),
            Some("DELETE") => json(204, ""),
            _ => json(200, "{}"),
        }
    });
    (server, opens)
}

fn start(place: &Place) -> Child {
    let mut command = place.tool(SMOKETEST);
    command
        .arg("site.toml")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn terminate(child: &Child) {
    let pid = i32::try_from(child.id()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
}

fn until_asked(server: &Server, what: &str) {
    until(what, || server.asked().iter().any(|asked| asked == what));
}

#[test]
fn the_first_goes_on_to_the_cleanup() {
    let (server, _opens) = holding("nothing");
    let place = site(&server, STEPS);
    let child = start(&place);
    until_asked(&server, "GET /held");
    terminate(&child);
    let seen = Seen::of(&child.wait_with_output().unwrap());
    assert_eq!((seen.code, seen.reason()), (Some(143), "interrupted"));
    let asked = ["POST /users", "GET /held", "DELETE /users/41"];
    assert_eq!(server.asked(), asked);
    let expected = [
        "register ok",
        "hangs skip",
        "never skip",
        "delete ok",
        "program ok",
    ];
    assert_eq!(crate::found(&seen), expected);
    assert!(place.folder().join("cleaned").exists());
    let why = "not run: the run was interrupted";
    assert_eq!(crate::step(&seen, "never")["observed"], why);
    assert_eq!(place.history().lines().count(), 1);
}

#[test]
fn the_second_ends_the_cleanup_too() {
    let (server, _opens) = holding("DELETE");
    let place = site(&server, STEPS);
    let child = start(&place);
    until_asked(&server, "GET /held");
    terminate(&child);
    until_asked(&server, "DELETE /users/41");
    terminate(&child);
    let seen = Seen::of(&child.wait_with_output().unwrap());
    assert_eq!(seen.code, Some(143));
    // Whoever reads on finds a run that never ended.
    assert_eq!(seen.last()["status"], "running");
}

#[test]
fn no_try_is_made_again_after_it() {
    let server = Server::start(|_| json(500, "{}"));
    let place = site(&server, "[[step]]\ncall = 'GET /a 200'\nretry = '10m'\n");
    let child = start(&place);
    until("it tries again", || server.connections() > 1);
    terminate(&child);
    let seen = Seen::of(&child.wait_with_output().unwrap());
    assert_eq!((seen.code, seen.reason()), (Some(143), "interrupted"));
}
