//! What is wrong with a scenario is told, with its place, before anything is
//! asked.

use crate::server::well;
use crate::{ran, said, site, smoketest};
use toolkit::testing::{Place, Seen};

/// Refused, with a message of `line` and these words, in every way to run.
fn refused(steps: &str, line: usize, words: &str) {
    let server = well();
    let place = site(&server, steps);
    let seen = ran(&place, &[]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(2), "config"),
        "{steps}\n{seen:#?}"
    );
    let told = seen.message();
    assert!(
        told.contains(&format!("site.toml:{line}: ")),
        "line {line}: {told}\n{steps}"
    );
    assert!(told.contains(words), "{told}");
    for how in ["--dry-run", "--list", "--curl"] {
        assert_eq!(said(&place, &["site.toml", how]).0, 2, "{how}");
    }
    assert_eq!(server.connections(), 0, "{steps}");
}

/// Line 2 of the file, which a step that passes precedes.
const FINE: &str = "[[step]]\ncall = 'GET /fine 200'\n";

#[test]
fn a_call_without_an_assertion() {
    refused(
        "[[step]]\ncall = 'GET /a'\n",
        3,
        "says no status after its path",
    );
    refused(
        &format!("{FINE}[[step]]\ncalls = '''\nGET /a 200\n\nGET /b\n'''\n"),
        8,
        "`GET /b` says no status",
    );
    refused("[[step]]\ncall = 'GET /a .ok'\n", 3, "says no status");
    refused("[[step]]\ncall = 'GET'\n", 3, "is no call");
    refused(
        "[[step]]\nname = 'a'\n",
        2,
        "the step lacks `call`, `calls` or `kind`",
    );
    refused("[[step]]\nkind = 'command'\n", 2, "");
    refused(
        "[[step]]\nkind = 'postgres'\nquery = 'SELECT 1'\n",
        4,
        "nothing is expected",
    );
}

#[test]
fn an_unknown_key() {
    refused(
        "[[step]]\ncall = 'GET /a 200'\ntokn = 'x'\n",
        4,
        "unknown key `tokn`",
    );
    refused(
        "bases = 'x'\n[[step]]\ncall = 'GET /a 200'\n",
        2,
        "unknown key `bases`",
    );
    refused(
        "[[step]]\ncall = 'GET /a 200'\ncapture = { x = { jp = '.a' } }\n",
        4,
        "jp",
    );
    refused(
        "[[step]]\ncall = 'GET /a 200'\njwt = { of = 'a.b.c', last = '7d' }\n",
        4,
        "last",
    );
    refused(
        "[[step]]\ncall = 'GET /a 200'\ncall = 'GET /b 200'\n",
        4,
        "",
    );
    refused("[[step]]\nkind = 'tpc'\naddress = 'a:1'\n", 3, "tpc");
    refused("[[step]]\nkind = 'tcp'\nadress = 'a:1'\n", 4, "adress");
}

#[test]
fn a_variable_that_nothing_sets() {
    refused(
        &format!("{FINE}[[step]]\ncall = 'GET /${{absent_one}} 200'\n"),
        5,
        "absent_one",
    );
    refused(
        "[[step]]\ncall = 'GET /a 200 .x == \"${absent_one}\"'\n",
        3,
        "absent_one",
    );
    refused(
        "token = '${absent_one}'\n[[step]]\ncall = 'GET /a 200'\n",
        2,
        "absent_one",
    );
    refused(
        "[vars]\na = '${absent_one}'\n[[step]]\ncall = 'GET /a 200'\n",
        3,
        "absent_one",
    );
    refused(
        "[[step]]\ncall = 'GET /a 200'\njwt = { of = '${absent_one}' }\n",
        4,
        "absent_one",
    );
    refused(
        "[[step]]\nkind = 'tcp'\naddress = '${absent_one}:1'\n",
        4,
        "absent_one",
    );
}

#[test]
fn a_variable_that_comes_later() {
    let finds = "[[step]]\nname = 'login'\ncall = 'POST /login 200'\ncapture = { x = '.ok' }\n";
    let words = "`${x}` is not known yet: `login` finds it out, which does not come before";
    refused(
        &format!("[[step]]\ncall = 'GET /${{x}} 200'\n{finds}"),
        3,
        words,
    );
    // Its own answer is too late for its own request.
    refused(&finds.replace("/login 200", "/${x} 200"), 4, words);
}

#[test]
fn a_jq_expression_that_is_none() {
    refused("[[step]]\ncall = 'GET /a 200 .a =='\n", 3, "jq");
    refused(
        &format!("{FINE}[[step]]\ncalls = '''\nGET /a 200 .a\nGET /b 200 lenght == 3\n'''\n"),
        7,
        "lenght",
    );
    refused(
        "[[step]]\ncall = 'GET /a 200'\njq = ['.a', '.b |']\n",
        4,
        "jq",
    );
    refused(
        "[[step]]\ncall = 'GET /a 200'\ncapture = { x = '.a[' }\n",
        4,
        "jq",
    );
    refused(
        "[[step]]\ncall = 'GET /a 200'\nmatches = 'a('\n",
        4,
        "regular expression",
    );
}

#[test]
fn names_and_needs() {
    let two =
        "[[step]]\nname = 'a'\ncall = 'GET /a 200'\n[[step]]\nname = 'a'\ncall = 'GET /b 200'\n";
    refused(two, 5, "a step called `a` is on line 2 already");
    refused(
        "[[step]]\nname = ' '\ncall = 'GET /a 200'\n",
        2,
        "`name` is empty",
    );
    let needs = "[[step]]\ncall = 'GET /a 200'\nneeds = 'lgin'\n";
    refused(needs, 2, "needs `lgin`, which is no step");
    let later = "[[step]]\nname = 'a'\ncall = 'GET /a 200'\nneeds = 'b'\n[[step]]\nname = 'b'\ncall = 'GET /b 200'\n";
    refused(later, 2, "needs `b`, which comes later");
    let own = "[[step]]\nname = 'a'\ncall = 'GET /a 200'\nneeds = 'a'\n";
    refused(own, 2, "needs `a`, which comes later");
}

#[test]
fn keys_that_do_not_go_together() {
    for (keys, line, words) in [
        ("repeat = 1", 4, "`repeat` takes 2 to 1000"),
        ("average = { fail = 1 }", 4, "`average` goes with `repeat`"),
        ("status = 201", 4, "the call itself says what `status` is"),
        ("kind = 'tcp'", 4, "a call is of the kind `http`, not `tcp`"),
        ("json = { a = 1 }", 0, "a body is sent with POST"),
        ("retry = 'soon'", 4, ""),
        ("user = 'ann'", 4, "goes with a `password`"),
    ] {
        // What the call says of the method is on the call's own line.
        let line = if line == 0 { 3 } else { line };
        refused(
            &format!("[[step]]\ncall = 'GET /a 200'\n{keys}\n"),
            line,
            words,
        );
    }
    let many = "[[step]]\ncalls = '''\nGET /a 200\nGET /b 200\n'''\ncapture = { x = '.a' }\n";
    refused(many, 2, "`capture` and `jwt` go with `call`");
    refused(
        "[[step]]\ncalls = '''\n# nothing\n'''\n",
        2,
        "`calls` calls nothing",
    );
}

#[test]
fn a_scenario_that_is_empty() {
    let server = well();
    let refused = |place: &Place, args: &[&str]| {
        let seen = Seen::run(&mut smoketest(place, args));
        assert_eq!((seen.code, seen.reason()), (Some(2), "no_scenario"));
        assert!(seen.hint().contains("[[smoke.step]]"), "{}", seen.hint());
    };
    let place = site(&server, "");
    refused(&place, &["site.toml"]);
    refused(&place, &[]);
    place.write("sextant.toml", "engine = 'none'\n[smoke]\nbase = 'a:1'\n");
    refused(&place, &[]);
    let seen = ran(&site(&server, "[[step\n"), &[]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "config"));
    assert!(seen.message().contains("site.toml:2"), "{}", seen.message());
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_call_without_a_host() {
    let place = Place::new();
    place.write(
        "sextant.toml",
        "engine = 'none'\n[[smoke.step]]\ncall = 'GET /a 200'\n",
    );
    let seen = Seen::run(&mut smoketest(&place, &[]));
    assert_eq!((seen.code, seen.reason()), (Some(2), "config"));
    assert!(
        seen.message()
            .contains("sextant.toml:3: the call has no host"),
        "{}",
        seen.message()
    );
    assert!(seen.hint().contains("--base"), "{}", seen.hint());
}
