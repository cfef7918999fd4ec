//! Words on the command line: which steps are run.

use crate::server::{Server, well};
use crate::{based, ran, site, smoketest};
use toolkit::testing::{Place, Seen};

const STEPS: &str = "[[smoke.step]]\nname = 'login'\ncall = 'POST /login 200'\ncapture = { token = '.ok' }\n\
     [[smoke.step]]\nname = 'lists'\ntoken = '${token}'\ncalls = '''\nGET /users 200\nGET /tasks 200\n'''\n\
     [[smoke.step]]\nname = 'health'\ngroup = 'public'\ncall = 'GET /health 200'\n\
     [[smoke.step]]\nname = 'page'\ngroup = 'public'\ncall = 'GET / 200'\n\
     [[smoke.step]]\nname = 'make'\ncall = 'POST /things 200'\ntoken = '${token}'\ncapture = { id = '.ok' }\n\
     [[smoke.step]]\nname = 'remove'\ncall = 'DELETE /things/${id} 200'\ncleanup = true\n";

/// A folder whose `[smoke]` has the steps.
fn smoke(server: &Server) -> Place {
    let place = Place::new();
    let base = server.address();
    let head = format!("project = 'shop'\nengine = 'none'\n[smoke]\nbase = '{base}'\n");
    place.write("sextant.toml", head + STEPS);
    place
}

/// What is asked when these are the words; runs end well.
fn asked(words: &[&str]) -> String {
    let server = well();
    let place = smoke(&server);
    let seen = Seen::run(&mut smoketest(&place, words)).succeeded();
    let asked = server.asked();
    assert_eq!(seen.data()["ok"], asked.len());
    asked.join(", ")
}

const LOGIN: &str = "POST /login";

#[test]
fn without_a_word_all_of_smoke_is_run() {
    let all = "POST /login, GET /users, GET /tasks, GET /health, GET /, POST /things, DELETE /things/true";
    assert_eq!(asked(&[]), all);
}

#[test]
fn a_word_names_a_group_a_step_or_a_block() {
    assert_eq!(asked(&["health"]), "GET /health");
    assert_eq!(asked(&["public"]), "GET /health, GET /");
    assert_eq!(
        asked(&["page", "health"]),
        "GET /health, GET /",
        "in their order"
    );
    assert_eq!(
        asked(&["lists"]),
        format!("{LOGIN}, GET /users, GET /tasks")
    );
    assert_eq!(
        asked(&["lists: GET /tasks"]),
        format!("{LOGIN}, GET /tasks")
    );
}

#[test]
fn only_names_a_step_which_is_run_with_what_it_needs() {
    assert_eq!(asked(&["--only", "health"]), "GET /health");
    assert_eq!(
        asked(&["--only", "lists"]),
        format!("{LOGIN}, GET /users, GET /tasks")
    );
    let both = asked(&["--only", "page", "--only", "login"]);
    assert_eq!(both, format!("{LOGIN}, GET /"));
    let place = smoke(&well());
    let seen = Seen::run(&mut smoketest(&place, &["--only", "public"]));
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(2), "no_step"),
        "a group is no step"
    );
}

#[test]
fn what_a_chosen_step_makes_is_removed() {
    let made = format!("{LOGIN}, POST /things, DELETE /things/true");
    assert_eq!(asked(&["make"]), made);
}

/// As whom it is removed is found out by another step; what another step makes is
/// left alone.
#[test]
fn what_a_chosen_step_makes_is_removed_as_who_may() {
    let steps = "token = '${token}'\n\
         [[step]]\nname = 'login'\ncall = 'POST /login 200'\ncapture = { token = '.ok' }\n\
         [[step]]\nname = 'register'\ncall = 'POST /users 200'\nanonymous = true\ncapture = { id = '.ok' }\n\
         [[step]]\nname = 'upload'\ncall = 'POST /files 200'\n\
         [[step]]\nname = 'other'\ncall = 'GET /other 200'\n\
         [[step]]\nname = 'no user'\ncall = 'DELETE /users/${id} 200'\ncleanup = true\n\
         [[step]]\nname = 'no files'\ncall = 'DELETE /files 200'\nneeds = 'upload'\ncleanup = true\n\
         [[step]]\nname = 'nothing'\ncall = 'DELETE /nothing 200'\ncleanup = true\n";
    for (word, expected) in [
        ("register", "POST /login, POST /users, DELETE /users/true"),
        ("upload", "POST /login, POST /files, DELETE /files"),
        ("other", "POST /login, GET /other"),
    ] {
        let server = well();
        ran(&site(&server, steps), &[word]).succeeded();
        assert_eq!(server.asked().join(", "), expected);
    }
}

#[test]
fn a_word_that_names_nothing_is_refused_and_nothing_asked() {
    let server = well();
    let place = smoke(&server);
    for words in [&["heath"][..], &["health", "heath"], &["--only", "heath"]] {
        let seen = Seen::run(&mut smoketest(&place, words));
        assert_eq!((seen.code, seen.reason()), (Some(2), "no_step"));
        assert_eq!(seen.message(), "no step and no group is called `heath`");
        assert!(seen.hint().contains("--list"), "{}", seen.hint());
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn base_says_where_the_application_is() {
    let (written, given) = (well(), well());
    let place = smoke(&written);
    let (address, url) = (given.address(), format!("http://{}/", given.address()));
    for base in [address.as_str(), &url] {
        Seen::run(&mut smoketest(&place, &["--base", base, "health"])).succeeded();
    }
    assert_eq!(written.connections(), 0);
    assert_eq!(given.asked(), ["GET /health", "GET /health"]);
    place.write(
        "own.toml",
        based(&written, "[[step]]\ncall = 'GET /own 200'\n"),
    );
    let args = ["own.toml", "--base", &address];
    Seen::run(&mut smoketest(&place, &args)).succeeded();
    assert_eq!((written.connections(), given.connections()), (0, 3));
}

#[test]
fn a_base_that_is_none_is_refused() {
    let place = smoke(&well());
    for base in ["ftp://localhost", "localhost:1?a", "http://"] {
        let seen = Seen::run(&mut smoketest(&place, &["--base", base]));
        assert_eq!((seen.code, seen.reason()), (Some(2), "usage"), "{base}");
        assert!(
            seen.message().starts_with("`--base`: "),
            "{}",
            seen.message()
        );
    }
}

#[test]
fn a_file_of_steps_goes_with_words_of_its_own() {
    let server = well();
    let place = site(
        &server,
        "[[step]]\ncall = 'GET /a 200'\n[[step]]\nname = 'b'\ncall = 'GET /b 200'\n",
    );
    ran(&place, &["b"]).succeeded();
    assert_eq!(server.asked(), ["GET /b"]);
    ran(&place, &["GET /a"]).succeeded();
    assert_eq!(server.asked(), ["GET /b", "GET /a"]);
}
