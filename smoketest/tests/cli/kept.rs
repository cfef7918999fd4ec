//! The bodies of failed steps, kept in a folder.

use crate::server::{Server, json, response};
use crate::{ran, site};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use toolkit::testing::Place;

const PASSWORD: &str = "kept-pw/+@=0123";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The names in a folder, in their order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// Two steps that fail, one of them with a body that shows the password; one
/// that fails without a body, and one that passes.
fn failing() -> (Server, Place) {
    let server = Server::start(|asked| match asked.what.as_str() {
        "POST /login" => json(401, &format!(r#"{{"sent": {}}}"#, asked.body)),
        "GET /page" => response(
            500,
            &[],
            [b"caf\xe9 ".as_slice(), &b"x".repeat(5000)].concat(),
        ),
        "GET /empty" => response(500, &[], ""),
        _ => json(200, "{}"),
    });
    let place = site(
        &server,
        &format!(
            "[[step]]\nname = '../log in/é'\ncall = 'POST /login 200'\njson = {{ password = '{PASSWORD}' }}\n\
             [[step]]\ncalls = '''\nGET /page 200\nGET /empty 200\nGET /well 200\n'''\n"
        ),
    );
    (server, place)
}

#[test]
fn each_is_a_file_of_ones_own_without_secrets() {
    let (_server, place) = failing();
    let seen = ran(&place, &["--record", "kept/bodies"]);
    assert_eq!(
        (seen.code, seen.data()["fail"].as_u64()),
        (Some(1), Some(3))
    );
    let folder = place.folder().join("kept/bodies");
    let files = names(&folder);
    assert_eq!(files, ["01-log-in.body", "02-GET--page.body"]);
    assert_eq!(mode(&folder), 0o700);
    for file in &files {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
    let login = fs::read_to_string(folder.join(&files[0])).unwrap();
    assert_eq!(login, r#"{"sent": {"password":"***"}}"#);
    // All of it, not only what a record shows.
    let page = fs::read_to_string(folder.join(&files[1])).unwrap();
    assert_eq!(page, format!("caf\u{fffd} {}", "x".repeat(5000)));
}

#[test]
fn a_run_that_passes_keeps_nothing() {
    let (_server, place) = failing();
    ran(&place, &["--record", "kept", "GET /well"]).succeeded();
    assert_eq!(names(&place.folder().join("kept")), [""; 0]);
}

#[test]
fn an_optional_step_that_fails_has_failed_too() {
    let server = Server::start(|_| json(500, r#"{"why": "down"}"#));
    let place = site(
        &server,
        "[[step]]\nname = 'a'\ncall = 'GET /a 200'\noptional = true\n",
    );
    ran(&place, &["--record", "kept"]).succeeded();
    assert_eq!(names(&place.folder().join("kept")), ["01-a.body"]);
}

#[test]
fn where_nothing_can_be_kept_nothing_is_asked() {
    let (server, place) = failing();
    place.write("file", "");
    let seen = ran(&place, &["--record", "file/below"]);
    assert_eq!(seen.code, Some(2), "{seen:?}");
    assert!(
        seen.message().contains("`file/below`"),
        "{}",
        seen.message()
    );
    assert_eq!(server.connections(), 0);
}
