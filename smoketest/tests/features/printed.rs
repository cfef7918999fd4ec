//! A scenario as a script: what it asks is what the scenario asks.

use crate::site::{PASSWORD, Site};
use crate::{smoked, smoketest};
use std::process::Output;
use toolkit::testing::Place;

/// Keeps an item, finds it by its number and by its place, and removes it.
const ITEMS: &str = r#"
[vars]
name = "thing-${uuid}"

[[step]]
name = "made"
call = "POST /items 201 .name == \"${name}\""
json = { name = "${name}", secret = "${THING_SECRET}" }
capture = { id = ".id", there = { header = "Location" }, unused = ".name" }

[[step]]
name = "found"
call = "GET /items/${id}?lang=${LANGUAGE:-fr} 404"

[[step]]
name = "found by its number"
kind = "http"
url = "${base}/items/${id}"
status = [200, 201]
jq = ['.id == ${id}', '.name == "${name}"', '(.id | tostring) as $$x | $$x == "${id}"']

[[step]]
name = "found by its place"
call = "GET ${base}${there} 2xx"

[[step]]
name = "head"
call = "HEAD /items/${id} 404"

[[step]]
calls = "DELETE /items/${id} 204"
"#;

fn printed(place: &Place, site: &Site, smoke: &str) -> String {
    place.write("a.toml", smoke);
    let mut command = smoketest(place);
    command.env("THING_SECRET", "a-thing's-secret");
    let output = command
        .args(["./a.toml", "--base", &site.base(), "--curl"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:#?}");
    String::from_utf8(output.stdout).unwrap()
}

fn run(place: &Place, script: &str) -> Output {
    place.write("a.sh", script);
    let mut sh = place.tool("sh");
    sh.arg("a.sh")
        .env("THING_SECRET", "a-thing's-secret")
        .env("PASSWORD", PASSWORD);
    sh.output().unwrap()
}

/// What shellcheck finds.
fn checked(place: &Place, script: &str) -> String {
    place.write("a.sh", script);
    let output = place.tool("shellcheck").arg("a.sh").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_script_asks_what_the_scenario_asks() {
    let (place, site) = (Place::new(), Site::start());
    let mut command = smoketest(&place);
    place.write("a.toml", ITEMS);
    command.env("THING_SECRET", "a-thing's-secret");
    let output = command.args(["./a.toml", "--base", &site.base()]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:#?}");
    let own = site.asked();
    let script = printed(&place, &site, ITEMS);
    assert_eq!(
        site.lines(),
        [""; 0],
        "a script is printed, nothing is asked"
    );
    let output = run(&place, &script);
    assert!(output.status.success(), "{script}\n{output:#?}");
    let others = site.asked();
    assert_eq!(own.len(), 6);
    for (own, other) in own.iter().zip(&others) {
        // The number is the next one.
        assert_eq!(own.line.replace('1', "2"), other.line, "{script}");
    }
    let names = [&own[0], &others[0]].map(|asked| {
        let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!(body["secret"], "a-thing's-secret");
        body["name"].clone()
    });
    assert_ne!(names[0], names[1], "each run has a name of its own");
    assert!(!script.contains("thing's"), "{script}");
}

#[test]
fn the_script_has_no_fault_and_nothing_that_is_not_used() {
    let (place, site) = (Place::new(), Site::start());
    let script = printed(&place, &site, ITEMS);
    assert_eq!(checked(&place, &script), "", "{script}");
    assert!(script.contains("\nuuid=$("), "{script}");
    assert!(script.contains("holds '.id == '\"$id\"\n"), "{script}");
    for unused in ["timestamp=", "run=", "unused="] {
        assert!(!script.contains(unused), "{script}");
    }
    let plain = printed(&place, &site, "[[step]]\ncall = 'GET /items 200 . == []'\n");
    assert_eq!(checked(&place, &plain), "", "{plain}");
    assert!(
        !plain.contains("uuid") && !plain.contains("is not set"),
        "{plain}"
    );
    assert!(run(&place, &plain).status.success());
}

#[test]
fn the_script_fails_where_the_scenario_does() {
    let (place, site) = (Place::new(), Site::start());
    for (smoke, told) in [
        (
            "[[step]]\ncall = 'GET /items 200 length == 7'\n",
            "GET /items: not true: length == 7\n",
        ),
        (
            "[[step]]\nname = 'it'\ncall = 'GET /items/0 2xx'\n",
            "it: status 404 instead of 2..: {\"detail\":\"no such item\"}\n",
        ),
        (
            "[[step]]\ncall = 'GET /items 200'\ncapture = { x = '.[0].id' }\n",
            "GET /items: nothing to capture\n",
        ),
    ] {
        assert_eq!(smoked(&place, &site.base(), smoke).code, Some(1), "{smoke}");
        let script = printed(&place, &site, smoke);
        let output = run(&place, &script);
        assert_eq!(output.status.code(), Some(1), "{script}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.ends_with(told), "{script}\n{stderr}");
    }
    let script = printed(&place, &site, ITEMS);
    place.write("a.sh", &script);
    let output = place.tool("sh").arg("a.sh").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("THING_SECRET") && stderr.contains("is not set"),
        "{stderr}"
    );
}

#[test]
fn the_script_keeps_cookies_as_the_scenario_does() {
    let (place, site) = (Place::new(), Site::start());
    let smoke = "[[step]]\ncall = 'POST /login 200'\njson = { password = '${PASSWORD}' }\n
         [[step]]\ncall = 'GET /me 200'\n
         [[step]]\ncall = 'GET /me 401'\ncookies = false\n
         [[step]]\ncall = 'GET /me 2xx'\n";
    smoked(&place, &site.base(), smoke).succeeded();
    let script = printed(&place, &site, smoke);
    assert_eq!(checked(&place, &script), "", "{script}");
    let output = run(&place, &script);
    assert!(output.status.success(), "{script}\n{output:#?}");
}

#[test]
fn what_the_script_cannot_find_out_must_be_set() {
    let (place, site) = (Place::new(), Site::start());
    let smoke =
        "[[step]]\nname = 'by hurl'\nkind = 'hurl'\nfile = 'a.hurl'\ncapture = ['token', 'other']\n
                 [[step]]\nname = 'used'\ncall = 'GET /items?${token} 200'\n";
    let script = printed(&place, &site, smoke);
    assert!(
        script.contains("# by hurl, not by curl: hurl a.hurl\n"),
        "{script}"
    );
    assert_eq!(checked(&place, &script), "", "{script}");
    let stderr = String::from_utf8(run(&place, &script).stderr).unwrap();
    assert!(stderr.contains("token: is found out by hurl"), "{stderr}");
    assert!(!script.contains("other"), "{script}");
    place.write("a.sh", &script);
    let mut sh = place.tool("sh");
    assert!(
        sh.arg("a.sh")
            .env("token", "7")
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(site.lines(), ["GET /items?7"]);
}
