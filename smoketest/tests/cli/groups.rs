//! Groups side by side, the order inside them kept.

use crate::server::{Server, json};
use crate::{found, ran, site};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long a request waits for the one beside it: for machines that are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that answers the first call of either group once both are there,
/// and `500` when the other does not come for `patience`.
fn meeting(patience: Duration) -> Server {
    let there = Arc::new((Mutex::new(0), Condvar::new()));
    Server::start(move |asked| {
        if !asked.what.ends_with("/first") {
            return json(200, "{}");
        }
        let (count, came) = &*there;
        let mut count = count.lock().unwrap();
        *count += 1;
        came.notify_all();
        let (count, late) = came
            .wait_timeout_while(count, patience, |count| *count < 2)
            .unwrap();
        drop(count);
        json(if late.timed_out() { 500 } else { 200 }, "{}")
    })
}

const GROUPS: &str = "[[step]]\nname = 'before'\ncall = 'GET /before 200'\n\
     [[step]]\nname = 'a'\ngroup = 'a'\ncalls = '''\nGET /a/first 200\nGET /a/2 200\nGET /a/3 200\n'''\n\
     [[step]]\nname = 'b'\ngroup = 'b'\ncalls = '''\nGET /b/first 200\nGET /b/2 200\nGET /b/3 200\n'''\n\
     [[step]]\nname = 'after'\ncall = 'GET /after 200'\n";

#[test]
fn both_are_asked_at_the_same_time() {
    let server = meeting(PATIENCE);
    let place = site(&server, &format!("parallel = true\n{GROUPS}"));
    let seen = ran(&place, &[]).succeeded();
    assert!(server.most_at_once() >= 2);
    let asked = server.asked();
    assert_eq!(
        (asked[0].as_str(), asked[7].as_str()),
        ("GET /before", "GET /after")
    );
    for group in ["a", "b"] {
        let own = format!("GET /{group}/");
        let mut own: Vec<_> = asked
            .iter()
            .filter_map(|asked| asked.strip_prefix(&own))
            .collect();
        assert_eq!(own, ["first", "2", "3"], "the order inside is kept");
        own.clear();
    }
    // Told as they are written, however they ran.
    assert_eq!(found(&seen)[1], "a: GET /a/first ok");
    assert_eq!(found(&seen)[4], "b: GET /b/first ok");
}

#[test]
fn without_parallel_there_is_never_a_second() {
    let server = meeting(Duration::ZERO);
    let seen = ran(
        &site(&server, &GROUPS.replace("/first 200", "/first 200|500")),
        &[],
    );
    assert_eq!(seen.succeeded().data()["ok"], 8);
    assert_eq!(server.most_at_once(), 1);
    let written = [
        "GET /before",
        "GET /a/first",
        "GET /a/2",
        "GET /a/3",
        "GET /b/first",
        "GET /b/2",
        "GET /b/3",
        "GET /after",
    ];
    assert_eq!(server.asked(), written);
}

#[test]
fn what_fails_in_one_group_leaves_the_other_alone() {
    let server = Server::start(|asked| {
        json(
            if asked.what == "GET /a" { 500 } else { 200 },
            r#"{"id": 1}"#,
        )
    });
    let place = site(
        &server,
        "parallel = true\n\
         [[step]]\nname = 'a'\ngroup = 'one'\ncall = 'GET /a 200'\n\
         [[step]]\nname = 'of a'\ngroup = 'one'\ncall = 'GET /of/a 200'\nneeds = 'a'\n\
         [[step]]\nname = 'b'\ngroup = 'two'\ncall = 'GET /b 200'\n\
         [[step]]\nname = 'of b'\ngroup = 'two'\ncall = 'GET /of/b 200'\nneeds = 'b'\n",
    );
    let seen = ran(&place, &[]);
    let expected = ["a fail http_status", "of a skip", "b ok", "of b ok"];
    assert_eq!(
        (seen.code, found(&seen)),
        (Some(1), expected.map(str::to_owned).to_vec())
    );
}

/// The other group may not have found it out yet.
#[test]
fn a_group_cannot_use_what_one_beside_it_finds_out() {
    let server = meeting(Duration::ZERO);
    let steps = "[[step]]\nname = 'a'\ngroup = 'one'\ncall = 'GET /a 200'\ncapture = { id = '.id' }\n\
         [[step]]\nname = 'b'\ngroup = 'two'\ncall = 'GET /b/${id} 200'\n";
    let seen = ran(&site(&server, &format!("parallel = true\n{steps}")), &[]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "config"));
    assert!(
        seen.message()
            .contains("`${id}` is not known yet: `a` finds it out"),
        "{}",
        seen.message()
    );
    assert_eq!(server.connections(), 0);
}
