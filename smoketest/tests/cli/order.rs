//! Who needs what failed is skipped; the rest goes on.

use crate::server::{Server, json};
use crate::{counts, found, ran, site, step};

/// A server whose paths below `/down` fail.
fn half() -> Server {
    Server::start(|asked| {
        let is_down = asked.what.contains(" /down");
        let body = r#"{"token": "the-token-0123456789", "id": 7}"#;
        json(if is_down { 500 } else { 200 }, body)
    })
}

#[test]
fn a_failed_step_skips_those_that_need_it_and_the_rest_runs() {
    let server = half();
    let place = site(
        &server,
        "[[step]]\nname = 'login'\ncall = 'POST /down/login 200'\ncapture = { token = '.token' }\n\
         [[step]]\nname = 'health'\ncall = 'GET /health 200'\n\
         [[step]]\nname = 'mine'\ncall = 'GET /mine 200'\ntoken = '${token}'\n\
         [[step]]\nname = 'detail'\ncall = 'GET /detail 200'\nneeds = 'mine'\n\
         [[step]]\nname = 'page'\ncall = 'GET / 200'\n",
    );
    let seen = ran(&place, &[]);
    let expected = [
        "login fail http_status",
        "health ok",
        "mine skip",
        "detail skip",
        "page ok",
    ];
    assert_eq!(
        (seen.code, found(&seen)),
        (Some(1), expected.map(str::to_owned).to_vec())
    );
    assert_eq!(counts(&seen), [2, 0, 1, 2]);
    assert_eq!(step(&seen, "mine")["observed"], "not run: `login` failed");
    assert_eq!(step(&seen, "detail")["observed"], "not run: `mine` failed");
    assert_eq!(
        seen.message(),
        "1 of 5 steps failed: `login` (http_status); 2 skipped"
    );
    assert_eq!(server.asked(), ["POST /down/login", "GET /health", "GET /"]);
}

#[test]
fn a_default_that_uses_what_was_not_found_out_skips_too() {
    let server = half();
    let steps = "token = '${token}'\n\
         [[step]]\nname = 'login'\ncall = 'POST /WHERE 200'\ncapture = { token = '.token' }\n\
         [[step]]\nname = 'mine'\ncall = 'GET /mine 200'\n\
         [[step]]\nname = 'public'\ncall = 'GET /public 200'\nanonymous = true\n";
    let down = ran(&site(&server, &steps.replace("WHERE", "down")), &[]);
    let expected = ["login fail http_status", "mine skip", "public ok"];
    assert_eq!(found(&down), expected);
    let up = ran(&site(&server, &steps.replace("WHERE", "up")), &[]).succeeded();
    assert_eq!(found(&up), ["login ok", "mine ok", "public ok"]);
    let bearer = |what: &str| {
        let requests = server.requests();
        let asked = requests.iter().rfind(|asked| asked.what == what).unwrap();
        let head = asked.head.to_lowercase();
        head.contains("authorization: bearer the-token-0123456789")
    };
    let asked = ["POST /up", "GET /mine", "GET /public"].map(bearer);
    assert_eq!(
        asked,
        [false, true, false],
        "who has a token and who has none"
    );
}

#[test]
fn an_optional_step_that_fails_is_a_warning_and_skips_its_own() {
    let server = half();
    let place = site(
        &server,
        "[[step]]\nname = 'search'\ncall = 'GET /down/search 200'\noptional = true\n\
         [[step]]\nname = 'hit'\ncall = 'GET /hit 200'\nneeds = 'search'\n\
         [[step]]\nname = 'page'\ncall = 'GET / 200'\n",
    );
    let seen = ran(&place, &[]).succeeded();
    assert_eq!(
        found(&seen),
        ["search warn http_status", "hit skip", "page ok"]
    );
    assert_eq!(
        (seen.last()["status"].as_str(), seen.reason()),
        (Some("warn"), "steps_warn")
    );
}

/// What was only slow has been found out all the same.
#[test]
fn an_optional_step_that_warns_has_not_failed() {
    let server = half();
    let place = site(
        &server,
        "[[step]]\nname = 'search'\ncall = 'GET /search 200'\noptional = true\n\
         seconds = { warn = 0 }\ncapture = { id = '.id' }\n\
         [[step]]\nname = 'hit'\ncall = 'GET /hit/${id} 200'\n",
    );
    let seen = ran(&place, &[]).succeeded();
    assert_eq!(found(&seen), ["search warn http_slow", "hit ok"]);
}

#[test]
fn needs_names_a_step_a_block_or_a_group() {
    let server = half();
    let place = site(
        &server,
        "[[step]]\nname = 'lists'\ncalls = '''\nGET /a 200\nGET /down/b 200\n'''\n\
         [[step]]\ngroup = 'billing'\nname = 'invoice'\ncall = 'GET /down/invoice 200'\n\
         [[step]]\nname = 'of lists'\ncall = 'GET /1 200'\nneeds = ['lists']\n\
         [[step]]\nname = 'of group'\ncall = 'GET /2 200'\nneeds = 'billing'\n\
         [[step]]\nname = 'of one line'\ncall = 'GET /3 200'\nneeds = 'lists: GET /a'\n",
    );
    let seen = ran(&place, &[]);
    assert_eq!(step(&seen, "of lists")["status"], "skip");
    let why = "not run: `lists: GET /down/b` failed";
    assert_eq!(step(&seen, "of lists")["observed"], why);
    assert_eq!(step(&seen, "of group")["status"], "skip");
    assert_eq!(step(&seen, "of one line")["status"], "ok");
}
