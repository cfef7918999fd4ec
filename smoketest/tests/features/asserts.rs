//! What a call can expect of its answer, beside status and jq.

use crate::site::Site;
use crate::{smoked, step};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use toolkit::testing::{Place, Seen, program, until};

/// A schema of all items, of which each has a number and a name.
const ITEMS: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "array",
  "items": { "$ref": "#/$defs/item" },
  "$defs": {
    "item": {
      "type": "object",
      "required": ["id", "name"],
      "properties": { "id": { "type": "integer", "minimum": 1 }, "name": { "type": "string", "pattern": "^[a-z]+$" } }
    }
  }
}"##;

/// One call with these keys.
fn call(place: &Place, base: &str, line: &str, keys: &str) -> Seen {
    let smoke = format!("[[step]]\nname = 'it'\ncall = \"{line}\"\n{keys}\n");
    smoked(place, base, &smoke)
}

/// Why it failed, and what was seen.
fn failed(seen: &Seen) -> (String, String) {
    assert_eq!(seen.code, Some(1), "{seen:#?}");
    let it = step(seen, "it");
    let text = |name: &str| it[name].as_str().unwrap_or_default().to_owned();
    (text("reason"), text("observed"))
}

/// That it is refused before anything is asked, and why.
fn refused(seen: &Seen, why: &str) {
    assert_eq!((seen.code, seen.reason()), (Some(2), "config"), "{seen:#?}");
    assert!(seen.message().contains(why), "{}", seen.message());
    assert!(
        seen.message().starts_with("./a.toml:"),
        "{}",
        seen.message()
    );
}

/// A real nginx: TLS with HTTP/2 on one port, without it on another.
struct Nginx {
    process: Child,
    two: u16,
    one: u16,
}

impl Nginx {
    fn start(place: &Place) -> Self {
        let free = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let (two, one) = (free(), free());
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        place.write("server.pem", made.cert.pem());
        place.write("server.key", made.signing_key.serialize_pem());
        let config = format!(
            "daemon off; user root; worker_processes 1; pid nginx.pid; error_log error.log; events {{ }}
             http {{
                 access_log off;
                 client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c;
                 uwsgi_temp_path d; scgi_temp_path e;
                 ssl_certificate server.pem; ssl_certificate_key server.key;
                 server {{ listen 127.0.0.1:{two} ssl http2; return 200 two; }}
                 server {{ listen 127.0.0.1:{one} ssl; return 200 one; }}
             }}"
        );
        place.write("nginx.conf", config);
        let folder = place.folder().display().to_string();
        let process = place
            .tool(program("nginx"))
            .args(["-p", &folder, "-c", "nginx.conf", "-e", "error.log"])
            .spawn()
            .expect("nginx is installed");
        until("nginx listens", || {
            [two, one]
                .iter()
                .all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        Self { process, two, one }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed, it would leave its worker behind.
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

#[test]
fn the_version_and_the_certificate_are_looked_at() {
    let (place, site) = (Place::new(), Site::start());
    let nginx = Nginx::start(&place);
    let base = |port: u16| format!("https://localhost:{port}");
    let ca = "ca = 'server.pem'\n";
    let at = |port, keys: &str| call(&place, &base(port), "GET / 200", &format!("{ca}{keys}"));
    at(nginx.two, "version = '2'").succeeded();
    at(nginx.two, "version = '1.1'").succeeded();
    let (reason, observed) = failed(&at(nginx.one, "version = 2"));
    assert_eq!(reason, "http_version");
    assert!(
        observed.contains("HTTP/2") || observed.contains("http/1.1"),
        "{observed}"
    );
    let (reason, observed) = failed(&at(nginx.one, "version = '1.0'"));
    assert_eq!(
        (reason.as_str(), observed.as_str()),
        ("http_version", "HTTP/1.1")
    );
    call(&place, &site.base(), "GET /old 200", "version = 1.0").succeeded();
    let plain = call(&place, &site.base(), "GET / 200", "version = '2'");
    refused(&plain, "`version = \"2\"` is agreed on over TLS");
    refused(
        &call(&place, &site.base(), "GET / 200", "version = '3'"),
        "it takes `\"1.0\"`",
    );

    at(nginx.one, "certificate_days = { fail = 30 }").succeeded();
    let soon = at(nginx.one, "certificate_days = { warn = 1e6, fail = 30 }").succeeded();
    let it = step(&soon, "it");
    assert_eq!(
        (&it["status"], &it["reason"]),
        (&"warn".into(), &"tls_expires".into())
    );
    let days = it["measures"].as_array().unwrap();
    let days = days.iter().find(|one| one["name"] == "days_left").unwrap();
    assert!(days["value"].as_f64().unwrap() > 700_000.0, "{days}");
    let (reason, observed) = failed(&at(nginx.one, "certificate_days = { fail = 1e6 }"));
    assert_eq!(reason, "tls_expires");
    assert!(observed.contains("expires in 75"), "{observed}");
    let plain = call(
        &place,
        &site.base(),
        "GET / 200",
        "certificate_days = { fail = 7 }",
    );
    refused(&plain, "`certificate_days` goes with `https://`");
}

#[test]
fn the_size_is_looked_at() {
    let (place, site) = (Place::new(), Site::start());
    // `{"cookie":""}`
    for right in [
        "13",
        "{ min = 1 }",
        "{ min = 13, max = '1 KiB' }",
        "{ max = 13 }",
    ] {
        call(
            &place,
            &site.base(),
            "GET / 200",
            &format!("size = {right}"),
        )
        .succeeded();
    }
    for (wrong, expected) in [
        ("'1 KiB'", "1024 bytes"),
        ("{ min = 14 }", "at least 14 bytes"),
        ("{ min = 1, max = 12 }", "1 to 12 bytes"),
    ] {
        let seen = call(
            &place,
            &site.base(),
            "GET / 200",
            &format!("size = {wrong}"),
        );
        let told = failed(&seen);
        assert_eq!(
            told,
            ("http_size".to_owned(), "a body of 13 bytes".to_owned())
        );
        assert_eq!(step(&seen, "it")["expected"], expected);
    }
    let cut = call(
        &place,
        &site.base(),
        "GET / 200",
        "read = 9\nsize = { max = 8 }",
    );
    assert_eq!(failed(&cut).1, "a body of more than 9 bytes");
    let keys = "read = 9\nsize = { max = 9 }";
    refused(
        &call(&place, &site.base(), "GET / 200", keys),
        "raise `read` (9)",
    );
    for (wrong, why) in [
        ("{}", "it takes `min`, `max` or both"),
        ("{ min = 2, max = 1 }", "its `min` is more than its `max`"),
        ("'much'", "`much` is no size"),
        ("true", "a size such as `2 GiB`, or a table"),
    ] {
        refused(
            &call(
                &place,
                &site.base(),
                "GET / 200",
                &format!("size = {wrong}"),
            ),
            why,
        );
    }
    refused(
        &call(&place, &site.base(), "HEAD / 200", "size = 1"),
        "no body to look at",
    );
}

#[test]
fn a_body_fits_its_schema_or_says_where_not() {
    let (place, site) = (Place::new(), Site::start());
    place.write("schemas/items.json", ITEMS);
    let schema = "schema = 'schemas/items.json'";
    let items = |line: &str| call(&place, &site.base(), line, schema);
    items("GET /items 200").succeeded();
    for name in ["good", "BAD"] {
        call(
            &place,
            &site.base(),
            "POST /items 201",
            &format!("json = {{ name = '{name}' }}"),
        );
    }
    let seen = items("GET /items 200");
    let (reason, observed) = failed(&seen);
    assert_eq!(reason, "schema_violated");
    assert_eq!(observed, "`/1/name`: \"BAD\" does not match \"^[a-z]+$\"");
    let it = step(&seen, "it");
    let fits = "JSON that fits `schemas/items.json` (`/items/$ref/properties/name/pattern`)";
    let expected = it["expected"].as_str().unwrap();
    assert!(
        expected.starts_with("JSON that fits `schemas/items.json` (`/"),
        "{expected} {fits}"
    );
    let (reason, observed) = failed(&items("GET /items/1 200"));
    assert_eq!(reason, "schema_violated");
    assert_eq!(
        observed,
        "the body: {\"id\":1,\"name\":\"good\"} is not of type \"array\""
    );
    let (reason, _) = failed(&items("DELETE /items/1 204"));
    assert_eq!(reason, "json_invalid");
    let cut = call(
        &place,
        &site.base(),
        "GET / 200",
        &format!("{schema}\nread = 3"),
    );
    assert_eq!(
        failed(&cut),
        (
            "too_long".to_owned(),
            "the body is longer than 3 B".to_owned()
        )
    );
}

#[test]
fn a_schema_is_read_before_anything_is_asked() {
    let (place, site) = (Place::new(), Site::start());
    let with = |text: &str| {
        place.write("schema.json", text);
        call(
            &place,
            &site.base(),
            "GET /items 200",
            "schema = 'schema.json'",
        )
    };
    refused(&with("{"), "schema.json`: it is no JSON: EOF");
    refused(
        &with(r#"{"type": "aray"}"#),
        "schema.json` is no JSON Schema: `/type`: ",
    );
    // Nothing is fetched, neither from the network nor from other files.
    let elsewhere = format!(r#"{{"$ref": "{}/schema"}}"#, site.base());
    refused(&with(&elsewhere), "schema.json` is no JSON Schema");
    refused(
        &with(r#"{"$ref": "file:///etc/passwd"}"#),
        "schema.json` is no JSON Schema",
    );
    // What a server says is matched in linear time, or not at all.
    refused(
        &with(r#"{"pattern": "(?=a)b"}"#),
        "schema.json` is no JSON Schema",
    );
    assert_eq!(site.lines(), [""; 0]);
    // One that an earlier step makes is not there yet.
    let late = "[[step]]\nkind = 'command'\nrun = 'echo \"{}\" > late.json'\n[[step]]\ncall = 'GET /items 200'\nschema = 'late.json'\n";
    smoked(&place, &site.base(), late).succeeded();
    let (reason, _) = failed(&call(
        &place,
        &site.base(),
        "GET /items 200",
        "schema = 'none.json'",
    ));
    assert_eq!(reason, "schema_unreadable");
}
