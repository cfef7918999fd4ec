//! Who is told of an incident, seen from where they are told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // All of it is tests.

mod alertmanager;
mod hook;
mod hushed;
mod webhook;

use std::net::TcpListener;
use toolkit::testing::{Place, Seen};

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");

/// A port of this machine that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A place with one check, of somebody on `port`, and this `[alert]`.
fn place(port: u16, alert: &str) -> Place {
    let place = Place::new();
    place.write(
        "sextant.toml",
        format!(
            "project = 'shop'\n[[check]]\nname = 'api'\nkind = 'tcp'\naddress = '127.0.0.1:{port}'\n[alert]\n{alert}\n[healthcheck]\ndiscover = false\n"
        ),
    );
    place
}

fn run(place: &Place, args: &[&str]) -> Seen {
    Seen::run(place.tool(HEALTHCHECK).args(args))
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (alert, message) in [
        (
            "repeat = '1h'",
            "sextant.toml:6: nobody is told: give `alertmanager`, `webhook`, `slack`, `ping` or `mail`",
        ),
        (
            "webhok = 'http://a'",
            "sextant.toml:7: unknown key `webhok` in `[alert]`",
        ),
        (
            "ping = 'http://a'\nmaintenance = ['never']",
            "sextant.toml:8: `maintenance` in `[alert]`: `never` is no time of the week; write it like `Sun 02:00-04:00`, `first Sun 02:00-06:00` or `daily 23:30-00:30`",
        ),
    ] {
        let seen = run(&place(1, alert), &[]);
        assert_eq!((seen.code, seen.reason()), (Some(2), "config"), "{seen:?}");
        assert!(seen.message().ends_with(message), "{}", seen.message());
    }
}

/// The keys that a section of the manual lists.
fn on_the_page(section: &str) -> Vec<String> {
    let page = include_str!("../../../man/sextant.toml.5");
    let (_, below) = page.split_once(&format!("\n.SS \"{section}\"\n")).unwrap();
    let below = below.split("\n.S").next().unwrap();
    let lines: Vec<_> = below.lines().collect();
    let keys = lines.windows(2).filter(|pair| pair[0] == ".TP");
    let mut keys: Vec<_> = keys
        .map(|pair| format!("`{}`", pair[1].trim_start_matches(".B ")))
        .collect();
    keys.sort();
    keys
}

#[test]
fn every_key_is_on_the_page_and_in_the_code() {
    for (section, alert) in [
        ("[healthcheck]", "[healthcheck]\nzzzzzzzzzzzz = 1"),
        ("[alert]", "[alert]\nzzzzzzzzzzzz = 1"),
        ("[alert.mail]", "[alert.mail]\nzzzzzzzzzzzz = 1"),
    ] {
        let place = Place::new();
        place.write("sextant.toml", alert);
        let seen = run(&place, &[]);
        let known = seen.hint().strip_prefix("known here: ").unwrap();
        let mut known: Vec<_> = known.split(", ").map(str::to_owned).collect();
        known.sort();
        assert_eq!(on_the_page(section), known);
    }
}
