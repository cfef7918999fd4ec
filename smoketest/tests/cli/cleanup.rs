//! What was made is removed, whatever happened.

use crate::server::{Server, json};
use crate::{found, ran, site, step};

/// A server on which a user is made, and nothing else works.
fn maker() -> Server {
    Server::start(|asked| match asked.what.as_str() {
        "POST /users" => json(201, r#"{"id": 41}"#),
        "DELETE /users/41" => json(204, ""),
        _ => json(500, "{}"),
    })
}

const MAKES: &str = "[[step]]\nname = 'delete'\ncall = 'DELETE /users/${id} 204'\ncleanup = true\n\
     [[step]]\nname = 'register'\ncall = 'POST /users 201'\ncapture = { id = '.id' }\n";

#[test]
fn it_comes_last_even_after_a_failure() {
    let server = maker();
    let place = site(
        &server,
        &format!("{MAKES}[[step]]\nname = 'see'\ncall = 'GET /users/${{id}} 200'\n"),
    );
    let seen = ran(&place, &[]);
    assert_eq!(seen.code, Some(1));
    let expected = ["register ok", "see fail http_status", "delete ok"];
    assert_eq!(found(&seen), expected);
    assert_eq!(
        server.asked(),
        ["POST /users", "GET /users/41", "DELETE /users/41"]
    );
}

#[test]
fn what_was_never_made_is_not_removed() {
    let server = Server::start(|_| json(500, "{}"));
    let seen = ran(&site(&server, MAKES), &[]);
    assert_eq!(found(&seen), ["register fail http_status", "delete skip"]);
    let why = "not run: `id` was never found out";
    assert_eq!(step(&seen, "delete")["observed"], why);
    assert_eq!(server.asked(), ["POST /users"]);
}

/// A status that was not expected, with what was made all the same.
#[test]
fn what_a_failed_step_made_is_removed() {
    let server = maker();
    let makes = MAKES.replace("/users 201", "/users 200");
    let seen = ran(&site(&server, &makes), &[]);
    assert_eq!(found(&seen), ["register fail http_status", "delete ok"]);
}

#[test]
fn a_cleanup_that_fails_fails_the_run_and_stops_no_other() {
    let server = maker();
    let place = site(
        &server,
        &format!(
            "[[step]]\nname = 'first'\ncall = 'DELETE /sessions 204'\ncleanup = true\n{MAKES}"
        ),
    );
    let seen = ran(&place, &[]);
    assert_eq!(seen.code, Some(1));
    let expected = ["register ok", "first fail http_status", "delete ok"];
    assert_eq!(found(&seen), expected);
}

#[test]
fn it_waits_for_all_groups() {
    let server = maker();
    let place = site(
        &server,
        "parallel = true\n\
         [[step]]\nname = 'delete'\ngroup = 'one'\ncall = 'DELETE /users/${id} 204'\ncleanup = true\n\
         [[step]]\nname = 'register'\ngroup = 'one'\ncall = 'POST /users 201'\ncapture = { id = '.id' }\n\
         [[step]]\nname = 'slow'\ngroup = 'two'\ncalls = '''\nGET /1 500\nGET /2 500\nGET /3 500\n'''\n",
    );
    let seen = ran(&place, &[]).succeeded();
    assert_eq!(server.asked().last().unwrap(), "DELETE /users/41");
    assert_eq!(found(&seen).last().unwrap(), "delete ok");
}
