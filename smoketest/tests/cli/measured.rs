//! Calls that are made more than once: until they succeed, or to be measured.

use crate::server::{Server, json};
use crate::{found, ran, site, step};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A server that answers the first `times` requests with `503`.
fn failing(times: usize) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |_| {
        let before = count.fetch_add(1, Ordering::SeqCst);
        json(if before < times { 503 } else { 200 }, r#"{"n": 1}"#)
    })
}

#[test]
fn a_step_is_tried_until_it_succeeds() {
    let server = failing(2);
    let place = site(
        &server,
        "[[step]]\nname = 'up'\ncall = 'GET / 200'\nretry = '10m'\ncapture = { n = '.n' }\n\
         [[step]]\ncall = 'GET /${n} 200'\n",
    );
    let seen = ran(&place, &[]).succeeded();
    assert_eq!(found(&seen), ["up ok", "GET /${n} ok"]);
    assert_eq!(server.asked(), ["GET /", "GET /", "GET /", "GET /1"]);
    assert_eq!(seen.stderr, "", "what came to nothing is not told");
}

#[test]
fn without_retry_it_is_tried_once() {
    let server = failing(2);
    let seen = ran(&site(&server, "[[step]]\ncall = 'GET / 200'\n"), &[]);
    assert_eq!((seen.code, server.connections()), (Some(1), 1));
}

#[test]
fn in_vain_it_ends_with_what_came_last() {
    let server = failing(usize::MAX);
    let begun = Instant::now();
    let seen = ran(
        &site(
            &server,
            "[[step]]\nname = 'up'\ncall = 'GET / 200'\nretry = '3s'\n",
        ),
        &[],
    );
    assert!(begun.elapsed() >= Duration::from_secs(3));
    assert_eq!(found(&seen), ["up fail http_status"]);
    assert!(server.connections() > 1);
    assert!(
        step(&seen, "up")["ms"].as_u64().unwrap() >= 3000,
        "all of it is told"
    );
}

/// What the second try finds out is what counts.
#[test]
fn a_check_of_any_kind_is_tried_again() {
    let server = failing(0);
    let place = site(
        &server,
        "[[step]]\nname = 'file'\nkind = 'command'\nretry = '10m'\n\
         run = 'test -e there || { touch there; exit 1; }'\n",
    );
    assert_eq!(found(&ran(&place, &[]).succeeded()), ["file ok"]);
}

#[test]
fn twenty_calls_are_measured() {
    let server = failing(0);
    let place = site(
        &server,
        "[[step]]\nname = 'fast'\ncall = 'GET / 200 .n == 1'\nrepeat = 20\n\
         average = { fail = 100 }\np95 = { warn = 100 }\n",
    );
    let seen = ran(&place, &[]).succeeded();
    assert_eq!(server.connections(), 20);
    let fast = step(&seen, "fast");
    let observed = fast["observed"].as_str().unwrap();
    assert!(observed.starts_with("20 times in "), "{observed}");
    let measure = |name: &str| {
        let mut measures = fast["measures"].as_array().unwrap().iter();
        let measure = measures.find(|measure| measure["name"] == name).unwrap();
        measure["value"].as_f64().unwrap()
    };
    assert!(measure("average") > 0.0 && measure("p95") > 0.0);
}

#[test]
fn average_and_percentile_have_limits_of_their_own() {
    let server = failing(0);
    for (keys, expected) in [
        ("average = { fail = 0 }", "slow fail http_slow_average"),
        ("p95 = { fail = 0 }", "slow fail http_slow_p95"),
        (
            "average = { warn = 0 }\np95 = { warn = 0 }",
            "slow warn http_slow_average",
        ),
    ] {
        let steps = format!("[[step]]\nname = 'slow'\ncall = 'GET / 200'\nrepeat = 3\n{keys}\n");
        assert_eq!(found(&ran(&site(&server, &steps), &[])), [expected]);
    }
}

#[test]
fn one_wrong_answer_of_many_is_a_failure() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        json(if number == 4 { 500 } else { 200 }, "{}")
    });
    let seen = ran(
        &site(
            &server,
            "[[step]]\nname = 'it'\ncall = 'GET / 200'\nrepeat = 20\n",
        ),
        &[],
    );
    assert_eq!(
        (seen.code, found(&seen)),
        (Some(1), vec!["it fail http_status".to_owned()])
    );
    assert_eq!(server.connections(), 4, "no more are asked");
}

/// Each call has the time limit to itself, and what is captured after the last
/// one has time left.
#[test]
fn many_calls_may_take_longer_than_one() {
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_secs(3));
        json(200, r#"{"id": 5}"#)
    });
    let place = site(
        &server,
        "timeout = '8s'\n\
         [[step]]\nname = 'it'\ncall = 'GET / 200 .id == 5'\nrepeat = 3\ncapture = { id = '.id' }\n",
    );
    assert_eq!(found(&ran(&place, &[]).succeeded()), ["it ok"]);
}
