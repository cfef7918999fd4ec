//! Secrets never show: neither what a scenario sends nor what it is answered,
//! in nothing that a run writes.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

mod outputs;
#[path = "../server/mod.rs"]
mod server;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use server::{Server, response};
use std::process::Command;
use toolkit::testing::Place;

const SMOKETEST: &str = env!("CARGO_BIN_EXE_smoketest");

/// What stands in no other text, however what stands before it is written.
const TAIL: &str = "oddtail0123";

/// What nobody else may read. Each has characters that are written differently
/// in a URL and in base64.
struct Secrets {
    /// From the environment.
    password: String,
    /// For basic authentication, of `ann`.
    basic: String,
    /// From the environment, with what every format writes in its own way; it
    /// ends in [`TAIL`].
    odd: String,
    /// Written into the scenario itself: as a variable, in JSON, in a form, in a
    /// header, in a text.
    named: String,
    written: String,
    formed: String,
    headed: String,
    texted: String,
    /// What the server gives out: an opaque token, another under a name that
    /// says nothing, a JSON Web Token and a cookie.
    token: String,
    nameless: String,
    jwt: String,
    cookie: String,
}

impl Secrets {
    fn new() -> Self {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let jwt = [
            r#"{"alg":"HS256"}"#,
            r#"{"sub":"secret-sub","exp":1}"#,
            "secret signature",
        ];
        Self {
            password: "env/+@=0123pw".into(),
            basic: "basic/+@=0123pw".into(),
            odd: format!("odd é\"'<%>/&+ {TAIL}"),
            named: "named/+@=0123pw".into(),
            written: "written'/+@=0123pw".into(),
            formed: "formed'/+@=0123pw".into(),
            headed: "headed'/+@=0123pw".into(),
            texted: "texted'/+@=0123pw".into(),
            token: "token/+@=0123456789".into(),
            nameless: "nameless/+@=0123456789".into(),
            jwt: jwt.map(part).join("."),
            cookie: "cookie-0123456789".into(),
        }
    }

    /// All that must not show, the pair of basic authentication among it.
    fn all(&self) -> Vec<String> {
        let Self {
            password,
            basic,
            odd,
            named,
            written,
            formed,
            headed,
            texted,
            token,
            nameless,
            jwt,
            cookie,
        } = self;
        let all = [
            password, basic, odd, named, written, formed, headed, texted, token, nameless, jwt,
            cookie,
        ];
        let pair = format!("ann:{basic}");
        all.into_iter().cloned().chain([pair]).collect()
    }
}

/// Gives the secrets out at `/login`; elsewhere tells all that it was sent, and
/// them once more, in its body, its headers and its redirects.
fn telling(secrets: &Secrets) -> Server {
    let given = serde_json::json!({
        "access_token": secrets.token,
        "session": { "x": secrets.nameless },
        "id_token": secrets.jwt,
    });
    let (given, cookie) = (
        given.to_string(),
        format!("Set-Cookie: sid={}; Path=/", secrets.cookie),
    );
    let all = secrets.all().join("; ");
    Server::start(move |asked| {
        if asked.what == "POST /login" {
            return response(200, &[&cookie], &given);
        }
        let told = Value::from(format!(
            "{} {} {} {given} {all}",
            asked.what, asked.head, asked.body
        ));
        let to = format!("Location: /next?all={}", all.replace("; ", "&x="));
        let status = if asked.what.contains("/moved") {
            302
        } else {
            500
        };
        response(
            status,
            &[&to, &format!("X-Told: {all}")],
            format!(r#"{{"told": {told}}}"#),
        )
    })
}

/// A scenario each of whose steps shows what it can, and fails.
fn scenario(secrets: &Secrets) -> String {
    SCENARIO
        .replace("WRITTEN", &secrets.written)
        .replace("NAMED", &secrets.named)
        .replace("FORMED", &secrets.formed)
        .replace("HEADED", &secrets.headed)
        .replace("TEXTED", &secrets.texted)
}

const SCENARIO: &str = r#"
[vars]
admin_password = "NAMED"

[[step]]
name = "login"
call = "POST /login 200"
json = { login = "admin", password = "${ADMIN_PASSWORD}" }
[step.capture]
token = ".access_token"
x = { jq = ".session.x", secret = true }
id_token = ".id_token"
sid = { cookie = "sid" }

[[step]]
name = "again"
call = 'POST /login 201 .access_token == .session.x'
json = { login = "admin", password = "WRITTEN", odd = "${ODD_PASSWORD}" }

[[step]]
name = "expired"
call = "POST /login 200"
json = { password = "${admin_password}" }
jwt = { of = "${id_token}", lasts = "7d" }

[[step]]
name = "bearer"
call = 'GET /mine 200 .told == 1'
token = "${token}"
matches = "nowhere"
header = { X-Told = "^nothing$", Absent = true }

[[step]]
name = "basic"
call = "GET /basic?t=${token}&x=${x}&odd=${ODD_PASSWORD} 200"
user = "ann"
password = "${BASIC_PASSWORD}"

[[step]]
name = "form"
call = "PUT /form 200"
form = { password = "${ADMIN_PASSWORD}", again = "${admin_password}", x = "${x}", odd = "${ODD_PASSWORD}" }

[[step]]
name = "written form"
call = "PUT /form 200"
form = { password = "FORMED" }

[[step]]
name = "text"
call = "POST /text 200"
body = """{"user": {"password": "TEXTED"}}"""

[[step]]
name = "headers"
call = "POST /of/${admin_password}/${ODD_PASSWORD} 200"
send_header = { X-Api-Key = "HEADED", Cookie = "sid=${sid}", X-Plain = "${x} ${token}" }
body = "plain ${x} ${id_token} ${ODD_PASSWORD}"

[[step]]
name = "moved"
call = "GET /moved 200"
[step.capture]
never = ".told.absent"

[[step]]
name = "program"
kind = "command"
run = 'echo "$token $x $id_token $ADMIN_PASSWORD"; echo "$sid $ODD_PASSWORD" >&2; exit 3'

[[step]]
name = "nowhere"
kind = "tcp"
address = "127.0.0.1:1"
optional = true

[[step]]
name = "away"
call = "DELETE /mine/${x} 204"
token = "${id_token}"
cleanup = true
"#;

/// A run of the scenario, as these arguments say.
fn smoketest(place: &Place, secrets: &Secrets, args: &[&str]) -> Command {
    let mut command = place.tool(SMOKETEST);
    command
        .arg("site.toml")
        .args(args)
        .env("ADMIN_PASSWORD", &secrets.password)
        .env("BASIC_PASSWORD", &secrets.basic)
        .env("ODD_PASSWORD", &secrets.odd);
    command
}
