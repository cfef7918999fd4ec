//! What a user of `step` sees: messages, records, exit statuses.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests start tools as a shell does

use std::fs;
use std::io::Write;
use std::process::Stdio;
use toolkit::testing::{Place, Seen};

const STEP: &str = env!("CARGO_BIN_EXE_step");

/// A folder with this `sextant.toml`; without one when it is empty.
fn place(config: &str) -> Place {
    let place = Place::new();
    if !config.is_empty() {
        place.write("sextant.toml", config);
    }
    place
}

fn step(place: &Place, args: &[&str]) -> Seen {
    Seen::run(place.tool(STEP).args(args))
}

fn step_reading(place: &Place, input: &str, args: &[&str]) -> Seen {
    let mut command = place.tool(STEP);
    let mut child = command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    Seen::of(&child.wait_with_output().unwrap())
}

const OK: &str = r#"{"v":9,"run":"R","tool":"later","name":"later","status":"ok","new":[1,  2]}"#;

#[test]
fn a_command_runs_as_it_is_and_its_words_are_kept() {
    let place = place("");
    let seen = step(&place, &["greet", "--", "printf", "%s\\n", "a b", "$HOME"]);
    assert_eq!(seen.code, Some(0));
    assert_eq!(seen.stderr, "a b\n$HOME\n");
    let record = seen.last();
    assert_eq!(record["name"], "greet");
    assert_eq!(record["data"]["lines"], serde_json::json!(["a b", "$HOME"]));
    assert_eq!(record["data"]["exit"], 0);
    assert_eq!(record["summary"], "`printf %s\\n a b $HOME`");
}

#[test]
fn the_child_has_no_input() {
    let seen = step_reading(&place(""), &format!("{OK}\n"), &["eat", "--", "cat"]);
    assert_eq!(
        (seen.code, seen.last()["data"]["lines"].to_string()),
        (Some(0), "[]".into())
    );
}

#[test]
fn records_pass_byte_for_byte_and_give_the_run_its_id() {
    let place = place("");
    let mut command = place.tool("sh");
    command.args(["-c", r#"printf '%s\n' "$1" | "$0" a -- true"#, STEP, OK]);
    let output = command.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains(&format!("{OK}\n")), "{stdout}");
    assert!(
        stdout.lines().all(|line| line.contains(r#""run":"R""#)),
        "{stdout}"
    );
}

#[test]
fn a_line_that_is_no_record_is_refused_and_costs_no_record() {
    let place = place("");
    let seen = step_reading(
        &place,
        &format!("{OK}\nnonsense\n{OK}\n"),
        &["a", "--", "touch", "ran"],
    );
    assert_eq!((seen.code, seen.reason()), (Some(2), "bad_input"));
    assert_eq!(
        seen.stderr,
        "step: line 2 of stdin is not JSON\nhint: feed it records only, or use `--no-input`\n"
    );
    assert_eq!(
        seen.records
            .iter()
            .filter(|record| record["tool"] == "later")
            .count(),
        2
    );
    assert!(!place.folder().join("ran").exists());
    let ignored = step_reading(
        &place,
        "nonsense\n",
        &["a", "--no-input", "--", "touch", "ran"],
    );
    assert_eq!(ignored.code, Some(0));
}

#[test]
fn stdin_is_left_alone_where_the_environment_says_so() {
    let place = place("");
    for (value, code) in [("1", 0), ("true", 0), ("0", 2), ("", 2)] {
        let mut command = place.tool("sh");
        command.env("SEXTANT_NO_INPUT", value);
        command.args(["-c", "echo nonsense | $0 a -- true", STEP]);
        assert_eq!(Seen::run(&mut command).code, Some(code), "{value}");
    }
}

#[test]
fn a_mistake_on_the_command_line_is_a_record_too() {
    let seen = step_reading(&place(""), &format!("{OK}\n"), &["--frobnicate"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "usage"));
    assert!(
        seen.stderr
            .starts_with("error: unexpected argument '--frobnicate' found\n"),
        "{}",
        seen.stderr
    );
    assert_eq!(seen.records.len(), 3, "the record read, running, fail");
}

#[test]
fn a_missing_program_is_named() {
    let seen = step(&place(""), &["a", "--", "no-such-program"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "missing_program"));
    assert_eq!(
        seen.stderr,
        "step: `no-such-program` is not installed\nhint: install `no-such-program`, or add its folder to PATH\n"
    );
}

#[test]
fn a_failing_command_is_tried_again() {
    let place = place("");
    let third = "echo x >> tries; test $(wc -l < tries) = 3";
    let seen = step(
        &place,
        &[
            "a", "--retry", "5", "--delay", "1ms", "--", "sh", "-c", third,
        ],
    );
    assert_eq!(
        (seen.code, &seen.last()["data"]["tries"]),
        (Some(0), &3.into())
    );
    let seen = step(
        &place,
        &[
            "a",
            "--retry",
            "1",
            "--delay",
            "1ms",
            "--",
            "sh",
            "-c",
            "echo no; exit 3",
        ],
    );
    assert_eq!((seen.code, seen.reason()), (Some(1), "exit_status"));
    assert_eq!(
        seen.last()["error"]["message"],
        "`sh -c echo no; exit 3` ended with exit status 3, the last of 2 tries: no"
    );
}

#[test]
fn a_timeout_ends_all_that_the_command_started() {
    let place = place("");
    // The grandchild ignores the polite request and is killed.
    let stubborn = "trap '' TERM; echo $$ > pid; while :; do sleep 1; done";
    let script = format!("sh -c \"{}\" & wait", stubborn.replace('$', "\\$"));
    let seen = step(
        &place,
        &["a", "--timeout", "500ms", "--", "sh", "-c", &script],
    );
    assert_eq!((seen.code, seen.reason()), (Some(1), "timeout"));
    assert_eq!(seen.last()["data"]["timed_out"], true);
    let pid = fs::read_to_string(place.folder().join("pid")).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    assert!(
        stat.as_ref().map_or(true, |stat| stat.contains(") Z ")),
        "{stat:?}"
    );
}

#[test]
fn a_step_is_described_in_the_configuration() {
    let place = place(
        "[step.words]\nrun = [\"printf\", \"%s\", \"$HOME\"]\n\
         [step.line]\nrun = \"echo $((1 + 2)) in $PWD\"\n[step.idle]\ntimeout = \"1m\"\n",
    );
    assert_eq!(step(&place, &["words"]).last()["data"]["lines"][0], "$HOME");
    fs::create_dir(place.folder().join("below")).unwrap();
    let seen = step(&place, &["-C", "below", "line"]);
    let folder = place.folder().canonicalize().unwrap();
    assert_eq!(
        seen.last()["data"]["lines"][0],
        format!("3 in {}", folder.display())
    );
    let seen = step(&place, &["idle"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "no_command"));
    assert!(
        seen.stderr.contains("has no `[step.idle]` with a `run`"),
        "{}",
        seen.stderr
    );
}

#[test]
fn a_broken_configuration_is_refused_with_its_place() {
    let place = place("[step.up]\nruns = \"true\"\n");
    let seen = step_reading(&place, &format!("{OK}\n"), &["up"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "config"));
    assert!(seen.stderr.contains("sextant.toml:2"), "{}", seen.stderr);
    assert!(
        seen.stderr.contains("`runs`") && seen.stderr.contains("`run`"),
        "{}",
        seen.stderr
    );
    assert_eq!(seen.records[0]["tool"], "step", "announced first");
    assert_eq!(
        seen.records[1]["tool"], "later",
        "what was read is passed on"
    );
}

#[test]
fn a_confirmation_is_typed_on_the_terminal() {
    let place = place("[step.prod]\nrun = \"touch ran\"\nconfirm = \"DEPLOY\"\n");
    let (code, shown) = place.on_a_terminal(&format!("{STEP} prod"), "no\n");
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("Type `DEPLOY` to go on: "), "{shown}");
    assert!(!place.folder().join("ran").exists());
    let (code, shown) = place.on_a_terminal(&format!("{STEP} prod"), "DEPLOY\n");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("✓ step prod"), "{shown}");
    assert!(place.folder().join("ran").exists());
}

#[test]
fn without_a_terminal_a_confirmation_is_given_beforehand() {
    let place = place("");
    // A process of its own `setsid` has no terminal.
    let step = |args: &[&str]| {
        let mut command = place.tool("setsid");
        Seen::run(command.args(["--wait", STEP]).args(args))
    };
    let refused = step(&["a", "--confirm", "DEPLOY", "--", "touch", "ran"]);
    assert_eq!((refused.code, refused.reason()), (Some(2), "no_terminal"));
    assert!(!place.folder().join("ran").exists());
    assert_eq!(
        step(&["a", "--confirm", "DEPLOY", "--yes", "--", "touch", "ran"]).code,
        Some(0)
    );
}

#[test]
fn what_a_command_says_is_redacted_everywhere() {
    let place = place("");
    place.write(".env", b"DB_PASSWORD='hunter 2&3'\n");
    let script = "echo clear hunter 2\\&3; echo url hunter%202%263; echo b64 $(printf 'u:hunter 2&3' | base64)";
    let seen = step(&place, &["leak", "--", "sh", "-c", script]);
    let all = format!("{} {}", seen.stderr, seen.last());
    for form in [
        "hunter 2&3",
        "hunter%202%263",
        "aHVudGVyIDI",
        "dW50ZXIgMiYz",
        "odW50ZXI",
    ] {
        assert!(!all.contains(form), "{form} in {all}");
    }
    assert!(
        all.contains("clear ***") && all.contains("url ***"),
        "{all}"
    );
    let history = place.history();
    assert!(
        !history.contains("hunter 2&3") && history.contains("clear ***"),
        "{history}"
    );
}

#[test]
fn the_state_folder_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let place = place("");
    step(&place, &["a", "--", "true"]);
    let mode = |name: &str| {
        fs::metadata(place.state().join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode(""), mode("history.ndjson")), (0o700, 0o600));
}
