//! Which connections the calls of a scenario go over, as a real nginx notes it.
//! None is kept for long: on a busy machine it may take some runs until a
//! connection is used again.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

mod nginx;

use nginx::{Line, Nginx};
use std::collections::BTreeSet;
use toolkit::testing::servers::authority::Authority;
use toolkit::testing::{Place, Seen, until};

const SMOKETEST: &str = env!("CARGO_BIN_EXE_smoketest");

const SESSION: &str = "
[[step]]
call    = 'POST /login 200'
json    = { user = 'ann' }
capture = { token = '.token' }
[[step]]
calls = '''
GET /a?${token} 200 .token == \"${token}\"
PUT /b 200
HEAD /c 200
GET /d 200 has(\"token\")
'''
";

struct Site {
    authority: Authority,
    nginx: Nginx,
}

impl Site {
    fn keeping(keeps: &str) -> Self {
        let authority = Authority::new("Own");
        let nginx = Nginx::start(&authority.server("localhost", 90), keeps);
        Self { authority, nginx }
    }

    fn base(&self, scheme: &str) -> String {
        let port = match scheme {
            "https" => self.nginx.tls_port,
            _ => self.nginx.port,
        };
        let ca = if scheme == "https" {
            "ca = 'ca.pem'\n"
        } else {
            ""
        };
        format!("base = '{scheme}://localhost:{port}'\n{ca}")
    }

    /// Runs a scenario; what came of it, and the `count` requests that it made.
    fn run(&self, scheme: &str, steps: &str, count: usize) -> (Seen, Vec<Line>) {
        let place = Place::new();
        place.write("ca.pem", self.authority.pem());
        place.write("sextant.toml", "engine = 'none'\n");
        place.write("site.toml", self.base(scheme) + steps);
        let from = self.nginx.count();
        let seen = Seen::run(place.tool(SMOKETEST).arg("site.toml"));
        (seen, self.nginx.lines(from, count))
    }
}

fn connections<'a>(lines: impl IntoIterator<Item = &'a Line>) -> BTreeSet<u64> {
    lines.into_iter().map(|(_, number)| *number).collect()
}

#[test]
fn a_scenario_goes_over_one() {
    let site = Site::keeping("");
    for scheme in ["http", "https"] {
        until("all calls go over one connection", || {
            let (seen, lines) = site.run(scheme, SESSION, 5);
            seen.succeeded();
            let asked: Vec<_> = lines.iter().map(|(request, _)| request.as_str()).collect();
            let expected = [
                "POST /login",
                "GET /a?a-token-of-nginx",
                "PUT /b",
                "HEAD /c",
                "GET /d",
            ];
            assert_eq!(asked, expected);
            connections(&lines).len() == 1
        });
    }
}

#[test]
fn a_server_that_closes_its_connections_loses_no_step() {
    let calls = "GET /a 200\nPOST /b 200\nPUT /c 200\n".repeat(15);
    for keeps in [
        "keepalive_requests 3;",
        "keepalive_timeout 1ms;",
        "keepalive_timeout 0;",
    ] {
        let site = Site::keeping(keeps);
        for scheme in ["http", "https"] {
            let (seen, lines) =
                site.run(scheme, &format!("[[step]]\ncalls = '''\n{calls}'''\n"), 45);
            let seen = seen.succeeded();
            assert_eq!(seen.data()["ok"], 45, "{keeps}");
            assert_eq!(lines.len(), 45, "{keeps}");
        }
    }
}

#[test]
fn groups_side_by_side_have_their_own() {
    let site = Site::keeping("");
    let group = |name: &str| {
        let calls = format!("GET /{name} 200\n").repeat(10);
        format!("[[step]]\ngroup = '{name}'\ncalls = '''\n{calls}'''\n")
    };
    let steps = format!("parallel = true\n{}{}", group("a"), group("b"));
    until("each group goes over one connection", || {
        let (seen, lines) = site.run("http", &steps, 20);
        seen.succeeded();
        let of = |path: &str| connections(lines.iter().filter(|(request, _)| request == path));
        let (a, b) = (of("GET /a"), of("GET /b"));
        assert!(a.is_disjoint(&b), "{lines:?}");
        a.len() == 1 && b.len() == 1
    });
}

#[test]
fn who_wants_a_new_one_has_it() {
    let site = Site::keeping("");
    let closing = "send_header = { Connection = 'close' }";
    for (steps, count) in [
        (
            format!("[[step]]\ncall = 'GET / 200'\nrepeat = 5\n{closing}\n"),
            5,
        ),
        (
            format!("[[step]]\ncalls = '''\nGET /a 200\nGET /b 200\n'''\n{closing}\n"),
            2,
        ),
        (
            "[[step]]\ncall = 'GET /a 200'\n[[step]]\nkind = 'command'\nrun = 'true'\n\
             [[step]]\ncall = 'GET /b 200'\n"
                .to_owned(),
            2,
        ),
    ] {
        let (seen, lines) = site.run("http", &steps, count);
        seen.succeeded();
        assert_eq!(connections(&lines).len(), count, "{steps}");
    }
    let repeated = "[[step]]\ncall = 'GET / 200'\nrepeat = 5\n";
    until("repeated calls go over one connection", || {
        connections(&site.run("http", repeated, 5).1).len() == 1
    });
}

/// What is waited for may be somebody else who answers.
#[test]
fn each_try_has_a_new_one() {
    let site = Site::keeping("");
    let (seen, lines) = site.run(
        "http",
        "[[step]]\ncall = 'GET /down 200'\nretry = '1s'\n",
        2,
    );
    assert_eq!(seen.code, Some(1));
    assert!(lines.len() > 1, "{lines:?}");
    assert_eq!(connections(&lines).len(), lines.len(), "{lines:?}");
}
