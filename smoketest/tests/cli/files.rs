//! Several files, and what they use of each other.

use crate::server::{Server, json};
use crate::{SMOKETEST, based, found, smoketest};
use std::fs;
use toolkit::testing::{Place, Seen};

const LOGIN: &str =
    "[[step]]\nname = 'login'\ncall = 'POST /login 200'\ncapture = { token = '.token' }\n";

/// Three files, of which two use the login of the first.
fn shop() -> (Server, Place) {
    let server = Server::start(|_| json(200, r#"{"token": "files-token-0123456789"}"#));
    let place = Place::new();
    place.write("sextant.toml", "project = 'shop'\nengine = 'none'\n");
    let file = |name: &str, steps: &str| place.write(name, based(&server, steps));
    file("smoke/login.toml", LOGIN);
    for name in ["users", "tasks"] {
        let steps =
            format!("use = 'login'\ntoken = '${{token}}'\n[[step]]\ncall = 'GET /{name} 200'\n");
        file(&format!("smoke/{name}.toml"), &steps);
    }
    (server, place)
}

fn run(place: &Place, words: &[&str]) -> Seen {
    Seen::run(&mut smoketest(place, words))
}

#[test]
fn a_login_that_two_files_use_is_made_once() {
    let (server, place) = shop();
    let seen = run(&place, &["smoke/users.toml", "smoke/tasks.toml"]).succeeded();
    assert_eq!(found(&seen), ["login ok", "GET /users ok", "GET /tasks ok"]);
    assert_eq!(server.asked(), ["POST /login", "GET /users", "GET /tasks"]);
    let requests = server.requests();
    let bears = |at: usize| requests[at].head.contains("Bearer files-token-0123456789");
    assert!(bears(1) && bears(2), "{requests:?}");
}

#[test]
fn the_order_of_the_words_is_that_of_the_files() {
    let (server, place) = shop();
    run(
        &place,
        &["smoke/tasks.toml", "smoke/login.toml", "smoke/users.toml"],
    )
    .succeeded();
    assert_eq!(server.asked(), ["POST /login", "GET /tasks", "GET /users"]);
}

#[test]
fn files_that_use_each_other_are_read_once() {
    let (server, place) = shop();
    let steps = "use = ['../smoke/users', 'tasks.toml']\n".to_owned() + LOGIN;
    place.write("smoke/login.toml", based(&server, &steps));
    run(&place, &["smoke/login.toml"]).succeeded();
    assert_eq!(server.asked(), ["GET /users", "GET /tasks", "POST /login"]);
}

#[test]
fn a_file_without_a_base_is_at_that_of_smoke() {
    let (server, place) = shop();
    let smoke = format!(
        "engine = 'none'\n[smoke]\nbase = 'http://{}'\nuse = 'smoke/login'\n",
        server.address()
    );
    place.write("sextant.toml", smoke);
    place.write("more.toml", "[[step]]\ncall = 'GET /more 200'\n");
    run(&place, &["./more.toml"]).succeeded();
    assert_eq!(server.asked(), ["GET /more"]);
    // From the folder of sextant.toml, and without a base of its own either.
    place.write("smoke/login.toml", LOGIN);
    run(&place, &[]).succeeded();
    assert_eq!(server.asked(), ["GET /more", "POST /login"]);
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let (server, place) = shop();
    let seen = run(&place, &["smoke/absent.toml"]);
    assert_eq!(seen.code, Some(2));
    assert!(
        seen.message().contains("smoke/absent.toml"),
        "{}",
        seen.message()
    );
    place.write(
        "a.toml",
        based(&server, "use = 'absent'\n[[step]]\ncall = 'GET / 200'\n"),
    );
    let seen = run(&place, &["a.toml"]);
    assert_eq!(seen.code, Some(2));
    let told = seen.message();
    assert!(
        told.contains("use = \"absent\"") && told.contains("absent.toml"),
        "{told}"
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn from_another_folder_they_are_found_as_well() {
    let (server, place) = shop();
    let elsewhere = Place::new();
    let file = fs::canonicalize(place.folder().join("smoke/users.toml")).unwrap();
    let mut command = elsewhere.tool(SMOKETEST);
    Seen::run(command.arg(file)).succeeded();
    assert_eq!(server.asked(), ["POST /login", "GET /users"]);
}
