//! Files of Hurl, run by a real one.

use crate::site::{PASSWORD, Site};
use crate::{smoked, smoketest, step};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use toolkit::testing::secret::{Watch, shown};
use toolkit::testing::{Place, Seen};

const LOGIN: &str = r#"# What a user does.
POST {{base}}/login
{ "password": "{{pw}}" }
HTTP 200
[Captures]
role: jsonpath "$.user.role"
access_token: cookie "session"

GET {{base}}/me
HTTP 200
[Asserts]
jsonpath "$.login" == "admin"
"#;

const WRONG: &str = r#"GET {{base}}/items
HTTP 200

GET {{base}}/old
HTTP 200
[Asserts]
jsonpath "$" exists
jsonpath "$.login" == "admin"

GET {{base}}/never
HTTP 200
"#;

fn hurl(place: &Place, site: &Site, keys: &str, rest: &str) -> Seen {
    place.write("api/login.hurl", LOGIN);
    place.write("api/wrong.hurl", WRONG);
    let smoke = format!("[[step]]\nname = 'it'\nkind = 'hurl'\n{keys}\n{rest}");
    smoked(place, &site.base(), &smoke)
}

fn entries(seen: &Seen) -> &Vec<Value> {
    step(seen, "it")["facts"]["entries"].as_array().unwrap()
}

fn is(seen: &Seen, reason: &str, observed: &str) {
    assert_eq!(seen.code, Some(1), "{seen:#?}");
    let it = step(seen, "it");
    assert_eq!(it["reason"], reason, "{it:#}");
    let told = it["observed"].as_str().unwrap();
    assert!(told.contains(observed), "{told}");
}

#[test]
fn each_entry_is_in_the_record_and_captures_are_variables() {
    let (place, site) = (Place::new(), Site::start());
    let keys = "file = 'api/login.hurl'\nvariables = { pw = '${PASSWORD}' }\ncapture = ['role', 'access_token']";
    let rest = "[[step]]\ncall = 'POST /items 201 .name == \"${role}\"'\njson = { name = '${role}' }\n
                [[step]]\ncall = 'GET /me 200'\nsend_header = { Cookie = 'session=${access_token}' }\n";
    let secrets = [PASSWORD.to_owned()];
    let watch = Watch::start(&secrets);
    let seen = hurl(&place, &site, keys, rest).succeeded();
    let watched = watch.stop();
    assert_eq!(
        shown(&watched.arguments, &secrets),
        None,
        "no argument shows it"
    );
    assert_eq!(
        site.lines(),
        ["POST /login", "GET /me", "POST /items", "GET /me"]
    );
    let [login, me] = &entries(&seen)[..] else {
        panic!("{seen:#?}");
    };
    assert_eq!((&login["index"], &login["line"]), (&json!(1), &json!(2)));
    assert_eq!(login["request"], format!("POST {}/login", site.base()));
    assert_eq!((&me["status"], &me["failed"]), (&json!(200), &json!([])));
    assert!(me["ms"].is_u64() && me["file"] == "api/login.hurl", "{me}");
    let observed = step(&seen, "it")["observed"].as_str().unwrap();
    assert!(observed.starts_with("2 requests in "), "{observed}");
    // What was captured is masked, as its name is that of a secret.
    assert!(
        !format!("{seen:?}").contains(crate::site::SESSION),
        "{seen:#?}"
    );
}

#[test]
fn a_failure_says_which_entry_and_which_assertion() {
    let (place, site) = (Place::new(), Site::start());
    let both = "file = ['api/wrong.hurl', 'api/login.hurl']\nvariables = { pw = '${PASSWORD}' }\ncapture = 'role'";
    let next = "[[step]]\nname = 'next'\ncall = 'GET /items?${role} 200'\n";
    let seen = hurl(&place, &site, both, next);
    let observed = format!("api/wrong.hurl:8: GET {}/old: ", site.base());
    is(&seen, "hurl_failed", &observed);
    let it = step(&seen, "it");
    assert_eq!(it["expected"], "jsonpath \"$.login\" == \"admin\"");
    assert_eq!(step(&seen, "next")["status"], "skip");
    let all = entries(&seen);
    let failed: Vec<_> = all
        .iter()
        .filter(|one| one["failed"] != json!([]))
        .collect();
    assert_eq!((all.len(), failed.len()), (4, 1), "{seen:#?}");
    assert_eq!(
        (&failed[0]["index"], &failed[0]["status"]),
        (&json!(2), &json!(200))
    );
    assert_eq!(failed[0]["failed"][0]["line"], 8);
    assert!(!format!("{seen:?}").contains(PASSWORD), "{seen:#?}");
    // A password that is wrong: Hurl says what the status was.
    let wrong = hurl(
        &place,
        &site,
        "file = 'api/login.hurl'\nvariables = { pw = 'no' }",
        "",
    );
    is(&wrong, "hurl_failed", "api/login.hurl:4: POST ");
    let told = step(&wrong, "it")["observed"].as_str().unwrap();
    assert!(told.contains("401"), "{told}");
}

#[test]
fn what_hurl_cannot_do_is_told() {
    let (place, site) = (Place::new(), Site::start());
    is(
        &hurl(&place, &site, "file = 'none.hurl'", ""),
        "hurl_refused",
        "none.hurl",
    );
    place.write("bad.hurl", "GET {{\n");
    is(
        &hurl(&place, &site, "file = 'bad.hurl'", ""),
        "hurl_refused",
        "Parsing literal",
    );
    let undefined = hurl(&place, &site, "file = 'api/login.hurl'", "");
    is(
        &undefined,
        "hurl_failed",
        "api/login.hurl:3: request 1: Undefined variable (you must set the variable pw)",
    );
    place.write("away.hurl", "GET http://127.0.0.1:1/\n");
    is(
        &hurl(&place, &site, "file = 'away.hurl'", ""),
        "hurl_failed",
        "away.hurl:1: ",
    );
    place.write(
        "items.hurl",
        "GET {{base}}/items\nHTTP 200\n[Captures]\nkey: body\n",
    );
    let keys = "file = 'items.hurl'\ncapture = ";
    is(
        &hurl(&place, &site, &format!("{keys}'other'"), ""),
        "capture_failed",
        "Hurl captured no `other`",
    );
    place.write(
        "slow.hurl",
        "GET {{base}}/items\n[Options]\ndelay: 60s\nHTTP 200\n",
    );
    is(
        &hurl(&place, &site, "file = 'slow.hurl'\ntimeout = '1s'", ""),
        "timeout",
        "hurl was ended",
    );
}

#[test]
fn a_text_keeps_its_form() {
    let (place, site) = (Place::new(), Site::start());
    place.write(
        "types.hurl",
        "GET {{base}}/a?{{pin}}&{{yes}}&{{n}}&{{id}}\nHTTP 200\n[Asserts]\nvariable \"pin\" == \"0123\"\nvariable \"n\" == 7\nvariable \"yes\" == true\nvariable \"id\" == 42\nvariable \"quoted\" == \"a\\\"b\"\n",
    );
    let keys = "file = 'types.hurl'\nvariables = { pin = '0123', n = 7, yes = true, id = '42', quoted = 'a\"b' }";
    hurl(&place, &site, keys, "").succeeded();
    assert_eq!(site.lines(), ["GET /a?0123&true&7&42"]);
}

#[test]
fn without_a_hurl_nothing_is_asked() {
    let (place, site) = (Place::new(), Site::start());
    place.write("bin/true", "#!/bin/sh\n");
    let bin = place.folder().join("bin");
    std::fs::set_permissions(bin.join("true"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let smoke = "[[step]]\ncall = 'GET /items 200'\n[[step]]\nkind = 'hurl'\nfile = 'a.hurl'\n";
    place.write("a.toml", smoke);
    let args = ["./a.toml", "--base", &site.base()];
    let seen = Seen::run(smoketest(&place).env("PATH", &bin).args(args));
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(2), "missing_program"),
        "{seen:#?}"
    );
    assert!(seen.hint().contains("https://hurl.dev"), "{}", seen.hint());
    assert_eq!(site.lines(), [""; 0]);
    // To look at the plan, none is needed.
    let plan = Seen::run(
        smoketest(&place)
            .env("PATH", &bin)
            .args(args)
            .arg("--dry-run"),
    );
    assert_eq!(plan.succeeded().records[2]["summary"], "hurl a.hurl");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let (place, site) = (Place::new(), Site::start());
    for (keys, why) in [
        ("", "`step` lacks `file`"),
        ("file = []", "`file` names no file"),
        (
            "file = 'a'\nvariables = { a = [] }",
            "`a` in `variables` must be a text",
        ),
        (
            "file = 'a'\nrepeat = 3",
            "`capture`, `jwt` and `repeat` go with a call",
        ),
        ("file = 'a'\nflie = 'b'", "unknown key `flie`"),
    ] {
        let seen = hurl(&place, &site, keys, "");
        assert_eq!((seen.code, seen.reason()), (Some(2), "config"), "{seen:#?}");
        assert!(seen.message().contains(why), "{}", seen.message());
    }
    assert_eq!(site.lines(), [""; 0]);
}
