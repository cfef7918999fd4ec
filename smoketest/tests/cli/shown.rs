//! A scenario that is shown, not run: nothing is asked.

use crate::server::{Server, well};
use crate::{SMOKETEST, said, site, smoketest};
use serde_json::json;
use std::fs;
use std::process::Command;
use toolkit::testing::{Place, Seen};

const STEPS: &str = "parallel = true\n\
     [[step]]\nname = 'login'\ncall = 'POST /login 200'\ncapture = { id = '.ok' }\n\
     [[step]]\nname = 'users'\ngroup = 'one'\ncall = 'GET /users/${id} 200 .ok'\n\
     [[step]]\nname = 'tasks'\ngroup = 'two'\ncall = 'GET /tasks 200'\nretry = '30s'\noptional = true\n\
     [[step]]\nname = 'out'\ncall = 'DELETE /login/${id} 200'\ncleanup = true\n";

fn unasked(args: &[&str]) -> (Place, Seen) {
    let server = well();
    let place = site(&server, STEPS);
    let seen = Seen::run(&mut smoketest(&place, &[&["site.toml"], args].concat())).succeeded();
    assert_eq!(server.connections(), 0);
    assert_eq!(place.history(), "", "what is shown is no run");
    (place, seen)
}

#[test]
fn a_list_is_a_record_a_step() {
    let (_, seen) = unasked(&["--list"]);
    let listed: Vec<_> = seen
        .records
        .iter()
        .map(|record| record["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        listed,
        ["smoketest", "login", "users", "tasks", "out", "smoketest"]
    );
    assert_eq!(seen.data(), &json!({ "steps": 4 }));
    let (_, one) = unasked(&["--list", "users"]);
    assert_eq!(
        one.data(),
        &json!({ "steps": 3 }),
        "with what it needs, and cleaned up"
    );
}

#[test]
fn a_plan_says_what_comes_after_what() {
    let (_, seen) = unasked(&["--dry-run"]);
    let of = |name: &str| {
        let mut records = seen.records.iter();
        records.find(|record| record["name"] == name).unwrap()["data"].clone()
    };
    let users = of("users");
    assert_eq!(users["after"], json!(["login"]));
    assert_eq!(users["needs"], json!(["login"]));
    assert_eq!(users["does"], "GET /users/${id} 200 .ok");
    let tasks = of("tasks");
    assert_eq!(
        (&tasks["after"], &tasks["needs"]),
        (&json!(["login"]), &json!([]))
    );
    assert_eq!(
        (&tasks["optional"], &tasks["group"]),
        (&json!(true), &json!("two"))
    );
    let out = of("out");
    assert_eq!(out["after"], json!(["users", "tasks"]));
    assert_eq!((&out["cleanup"], &out["needs"]), (&json!(true), &json!([])));
}

#[test]
fn both_are_tables_for_people() {
    let server = well();
    let place = site(&server, STEPS);
    let (code, table) = said(&place, &["site.toml", "--list", "--format", "text"]);
    assert_eq!(code, 0);
    for words in ["STEP", "GROUP", "DOES", "GET /users/${id} 200 .ok"] {
        assert!(table.contains(words), "{words}\n{table}");
    }
    let (code, plan) = said(&place, &["site.toml", "--dry-run", "--format", "text"]);
    assert_eq!(code, 0);
    for words in ["AFTER", "NEEDS", "optional, for up to 30s", "cleanup"] {
        assert!(plan.contains(words), "{words}\n{plan}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn neither_is_a_document() {
    let server = well();
    let place = site(&server, STEPS);
    for args in [
        &["--list", "--format", "junit"][..],
        &["--dry-run", "--format", "tap"],
        &["--dry-run", "--list"],
        &["--curl", "--format", "json"],
    ] {
        let (code, _) = said(&place, &[&["site.toml"], args].concat());
        assert_eq!(code, 2, "{args:?}");
    }
    assert_eq!(server.connections(), 0);
}

/// The script asks what `smoketest` asks.
#[test]
fn as_a_script_it_asks_the_same() {
    let server = well();
    let place = site(
        &server,
        "[[step]]\ncall = 'POST /login 200 .ok'\njson = { name = \"it's\" }\ncapture = { id = '.ok' }\n\
         [[step]]\ncall = 'GET /users/${id}/${timestamp} 2xx'\n",
    );
    let (code, script) = said(&place, &["site.toml", "--curl"]);
    assert_eq!((code, server.connections()), (0, 0));
    let file = place.folder().join("script.sh");
    fs::write(&file, &script).unwrap();
    let output = Command::new("sh").arg(&file).output().unwrap();
    assert!(output.status.success(), "{output:?}\n{script}");
    let by_curl = server.requests();
    Seen::run(place.tool(SMOKETEST).arg("site.toml")).succeeded();
    let both = server.requests();
    assert_eq!((by_curl.len(), both.len()), (2, 4));
    assert_eq!(
        (&both[0].what, &both[0].body),
        (&both[2].what, &both[2].body)
    );
    for asked in [&both[1].what, &both[3].what] {
        assert!(asked.starts_with("GET /users/true/1"), "{asked}");
    }
}

#[test]
fn a_server_that_is_not_there_is_no_matter() {
    let server = Server::start(|_| Vec::new());
    let place = site(&server, STEPS);
    place.write(
        "site.toml",
        format!("base = 'http://absent.invalid'\n{STEPS}"),
    );
    for how in ["--list", "--dry-run", "--curl"] {
        assert_eq!(said(&place, &["site.toml", how]).0, 0);
    }
}
