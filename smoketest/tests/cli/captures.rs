//! What a step takes out of its answer, for the steps after it.

use crate::server::{Server, json, response};
use crate::{based, found, ran, site, step};
use toolkit::testing::Place;

const TAKEN: &str = "[[step]]\nname = 'first'\ncall = 'POST /first 201'\n[step.capture]\n";

/// A server that answers with values everywhere.
fn giving() -> Server {
    Server::start(|asked| {
        if asked.what != "POST /first" {
            return json(200, "{}");
        }
        let headers = [
            "Location: /things/12?x=1",
            "Set-Cookie: theme=dark; Path=/",
            "Set-Cookie: sid=cookie-0123456789; HttpOnly",
        ];
        let body =
            r#"{"id": 7, "name": "Zoé/x", "deep": [{"k": [1, "a"]}], "ok": true, "none": null}"#;
        response(201, &headers, body)
    })
}

/// What the second step asks, when the first captures `x` like this.
fn asked_with(capture: &str) -> String {
    let server = giving();
    let steps = format!("{TAKEN}x = {capture}\n[[step]]\ncall = 'GET /${{x}} 200'\n");
    let seen = ran(&site(&server, &steps), &[]);
    assert_eq!(seen.code, Some(0), "{capture}: {seen:#?}");
    server.asked()[1].clone()
}

#[test]
fn by_jq_header_cookie_and_regular_expression() {
    for (capture, path) in [
        ("'.id'", "7"),
        ("'.name | ascii_downcase | .[0:2]'", "zo"),
        ("'.ok'", "true"),
        ("{ jq = '.deep[0].k[1]' }", "a"),
        (
            "{ header = 'location', matches = '/things/([0-9]+)' }",
            "12",
        ),
        ("{ header = 'LOCATION', matches = '[0-9]+' }", "12"),
        ("{ cookie = 'theme' }", "dark"),
        ("{ cookie = 'sid' }", "cookie-0123456789"),
        ("{ matches = '\"id\": ([0-9])' }", "7"),
        ("{ jq = '.name', matches = '^Z' }", "Z"),
    ] {
        assert_eq!(asked_with(capture), format!("GET /{path}"), "{capture}");
    }
}

#[test]
fn one_that_fails_fails_its_step() {
    for (capture, observed) in [
        ("'.absent'", "`.absent` is null"),
        ("'.none'", "`.none` is null"),
        ("'.deep[] | select(.k == 1)'", "gives nothing"),
        ("'.id | keys'", "`.id | keys` fails: "),
        ("{ header = 'X-Absent' }", "there is no header `X-Absent`"),
        ("{ cookie = 'absent' }", "no cookie `absent` is set"),
        (
            "{ matches = 'nowhere[0-9]' }",
            "`nowhere[0-9]` is found nowhere",
        ),
        (
            "{ header = 'location', matches = '^z' }",
            "`^z` is found nowhere",
        ),
    ] {
        let server = giving();
        let steps = format!(
            "{TAKEN}x = {capture}\n\
             [[step]]\nname = 'uses'\ncall = 'GET /${{x}} 200'\n[[step]]\nname = 'rest'\ncall = 'GET /rest 200'\n"
        );
        let seen = ran(&site(&server, &steps), &[]);
        assert_eq!(seen.code, Some(1), "{capture}");
        let expected = ["first fail capture_failed", "uses skip", "rest ok"];
        assert_eq!(found(&seen), expected, "{capture}");
        let first = step(&seen, "first");
        let told = first["observed"].as_str().unwrap();
        assert!(told.contains(observed), "{told}");
        assert_eq!(first["expected"], "a value for `x`");
        assert_eq!(server.asked(), ["POST /first", "GET /rest"]);
    }
}

#[test]
fn what_is_no_json_has_no_jq() {
    let server = Server::start(|_| response(201, &[], "<html>"));
    let seen = ran(&site(&server, &format!("{TAKEN}x = '.id'\n")), &[]);
    assert_eq!(found(&seen), ["first fail json_invalid"]);
}

#[test]
fn a_value_is_data_wherever_it_is_put() {
    let server = Server::start(|_| json(200, r#"{"x": "a\"b\\ ${y} $(id) 'c'"}"#));
    let place = site(
        &server,
        "[[step]]\ncall = 'GET /1 200'\ncapture = { x = '.x' }\n\
         [[step]]\ncall = 'POST /2 200'\njson = { got = '${x}' }\n\
         [[step]]\ncall = 'POST /3 200'\nform = { got = '${x}' }\n\
         [[step]]\nname = 'shell'\nkind = 'command'\nrun = 'test \"$x\" = \"$EXPECTED\"'\n",
    );
    let value = r#"a"b\ ${y} $(id) 'c'"#;
    let mut command = crate::smoketest(&place, &["site.toml"]);
    let seen = toolkit::testing::Seen::run(command.env("EXPECTED", value)).succeeded();
    assert_eq!(seen.data()["ok"], 4);
    let requests = server.requests();
    let sent: serde_json::Value = serde_json::from_str(&requests[1].body).unwrap();
    assert_eq!(sent["got"], value);
    assert_eq!(
        requests[2].body,
        "got=a%22b%5C+%24%7By%7D+%24%28id%29+%27c%27"
    );
}

const GENERATED: &str = "[vars]\nemail = 'zoe-${uuid}@example.org'\n\
     [[step]]\ncall = 'POST /a 200'\njson = { email = '${email}', id = '${uuid}', at = '${timestamp}', run = '${run}' }\n\
     [[step]]\ncall = 'POST /b 200'\njson = { email = '${email}', id = '${uuid}', at = '${timestamp}', run = '${run}' }\n";

#[test]
fn what_is_generated_is_the_same_within_a_run_and_new_in_each() {
    let server = Server::start(|_| json(200, "{}"));
    let place = site(&server, GENERATED);
    let first = ran(&place, &[]).succeeded();
    ran(&place, &[]).succeeded();
    let bodies: Vec<_> = server
        .requests()
        .into_iter()
        .map(|asked| asked.body)
        .collect();
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[2], bodies[3]);
    let value = |at: usize| serde_json::from_str::<serde_json::Value>(&bodies[at]).unwrap();
    let (one, two) = (value(0), value(2));
    assert_ne!(one["id"], two["id"]);
    assert_ne!(one["run"], two["run"]);
    assert_eq!(one["run"], first.last()["run"]);
    let id = one["id"].as_str().unwrap();
    assert_eq!((id.len(), id.split('-').count()), (36, 5), "{id}");
    assert_eq!(one["email"], format!("zoe-{id}@example.org"));
    let at: u64 = one["at"].as_str().unwrap().parse().unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    assert!(now.as_secs().abs_diff(at) < 3600, "{at}");
}

#[test]
fn what_was_captured_counts_before_vars_and_these_before_the_environment() {
    let server = Server::start(|_| json(200, r#"{"x": "captured"}"#));
    let place = Place::new();
    place.write("sextant.toml", "engine = 'none'\n");
    let steps = "[vars]\nx = 'var'\ny = 'var'\n\
         [[step]]\ncall = 'GET /${x}/${y}/${z}/${w:-default} 200'\ncapture = { x = '.x' }\n\
         [[step]]\ncall = 'GET /${x} 200'\n";
    place.write("site.toml", based(&server, steps));
    let mut command = crate::smoketest(&place, &["site.toml"]);
    command.env("x", "env").env("y", "env").env("z", "env");
    toolkit::testing::Seen::run(&mut command).succeeded();
    assert_eq!(
        server.asked(),
        ["GET /var/var/env/default", "GET /captured"]
    );
}
