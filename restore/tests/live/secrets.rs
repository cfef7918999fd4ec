//! No secret is in an argument, an output, a record or the history.

use crate::refilled::Refilled;
use crate::{backup, restore, shop, state};
use std::collections::BTreeSet;
use std::fs;
use toolkit::testing::secret::{Watch, files_below, shown};
use toolkit::testing::{Place, Seen, Stack, until};

#[test]
fn while_it_restores_and_afterwards() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("secretive");
    let _ = backup(&place, &["--database", "secretive"]).succeeded();
    let watch = Watch::start(&[]);
    let restored = restore(&place, &["latest", "database", "globals", "--yes"]);
    let checked = restore(&place, &["--check"]);
    let processes = watch.stop().arguments;
    let (restored, checked) = (restored.succeeded(), checked.succeeded());
    assert!(processes.contains("psql --no-password"), "{processes}");
    assert!(processes.contains("redis-server"), "{processes}");
    let left = format!("{restored:?}\n{checked:?}\n{}", place.history());
    assert!(left.contains(r#""status":"ok""#), "{left}");
    assert_eq!(shown(&processes, &stack.secrets()), None, "{processes}");
    assert_eq!(shown(&left, &stack.secrets()), None, "{left}");
}

/// What Docker tells of a container: what it was made from, what runs in it, and
/// what that says.
fn described(stack: &Stack, id: &str) -> String {
    let calls = [&["inspect", id][..], &["top", id], &["logs", id]];
    let mut all = String::new();
    for call in calls {
        let output = stack.tool("docker").args(call).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        all.push_str(&String::from_utf8_lossy(&output.stdout));
        all.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    all
}

/// The names and contents of all that a run has left in the state folder.
fn remembered(place: &Place) -> String {
    let files = files_below(&place.state()).into_iter();
    let texts = files.map(|file| {
        let content = fs::read(&file).unwrap();
        format!("{}\n{}\n", file.display(), content.escape_ascii())
    });
    texts.collect()
}

#[test]
fn while_it_replaces_redis() {
    let refilled = Refilled::new();
    let stack = &refilled.stack;
    refilled.lose();
    refilled.slow();
    let watch = Watch::start(&[stack.redis_password().to_owned()]);
    let run = refilled.start();
    until("the live server follows", || refilled.follows());
    let made_up = refilled.link().setting("masterauth").unwrap().unwrap();
    let scratch = state::scratch(stack);
    let described = described(stack, scratch[0].split(' ').next().unwrap());
    refilled.quick();
    let seen = Seen::of(&run.wait_with_output().unwrap()).succeeded();
    let watched = watch.stop();

    // The password of the throwaway server is one while that runs.
    assert_eq!(made_up.len(), 32, "{made_up}");
    let secrets = [stack.secrets(), vec![made_up]].concat();
    let arguments = &watched.arguments;
    assert!(arguments.contains("-s /sextant/redis.sock"));
    assert_eq!(shown(arguments, &secrets), None);
    // No process is handed the live server's; of this test, nothing has it.
    assert_eq!(watched.carriers, BTreeSet::new());
    assert!(described.contains("redis-server 127.0.0.1:"), "{described}");
    assert_eq!(shown(&described, &secrets), None, "{described}");
    let left = format!("{seen:?}\n{}", remembered(&refilled.place));
    assert!(left.contains("history.ndjson"), "{left}");
    assert_eq!(shown(&left, &secrets), None, "{left}");
}
