//! What a person is told of a mistake: file, line, what is wrong, the remedy.

use crate::case::Case;

#[track_caller]
fn told(toml: &str, message: &str, hint: &str) {
    let told = Case::of(toml).refused();
    let expected = (format!("sextant.toml:{message}"), hint.to_owned());
    assert_eq!(told, expected, "{toml}");
}

#[test]
fn unknown_and_repeated_keys() {
    told(
        "[backup]\n\nkeep_lats = 3\n",
        "3: unknown key `keep_lats` in `[backup]`",
        "did you mean `keep_last`?",
    );
    told(
        "[databse]\nservice = 'db'\n",
        "1: unknown key `databse` at the top",
        "did you mean `database`?",
    );
    told(
        "[restore]\nzzz = 1\n",
        "2: unknown key `zzz` in `[restore]`",
        "known here: `keep_old`",
    );
    told(
        "[files]\nuploads = { path = 'a', exlude = [] }\n",
        "2: unknown key `exlude` in `[files.uploads]`",
        "did you mean `exclude`?",
    );
    told(
        "[backup]\nto = 'a'\n[env.production.backup]\ntoo = 'b'\n",
        "4: unknown key `too` in `[env.production.backup]`",
        "did you mean `to`?",
    );
    told(
        "[backup]\nto = 'a'\nto = 'b'\n",
        "3: the key `to` is repeated",
        "keep one of the two",
    );
    told(
        "[backup]\n[redis]\n[backup]\n",
        "3: the key `backup` is repeated",
        "keep one of the two",
    );
}

#[test]
fn values_of_the_wrong_kind() {
    for (toml, message) in [
        (
            "[backup]\nkeep_last = '3'\n",
            "2: `keep_last` in `[backup]` must be a whole number, not string \"3\"",
        ),
        (
            "[backup]\nkeep_last = -1\n",
            "2: `keep_last` in `[backup]` must be a whole number, not integer `-1`",
        ),
        (
            "backup = 'x'\n",
            "1: `backup` must be a table, not string \"x\"",
        ),
        (
            "[database]\nall = 'yes'\n",
            "2: `all` in `[database]` must be `true` or `false`, not string \"yes\"",
        ),
        (
            "[config]\npaths = 5\n",
            "2: `paths` in `[config]` must be a path or a list of paths, not integer `5`",
        ),
        (
            "[backup]\nparts = ['database',\n 7]\n",
            "3: `parts` in `[backup]` must be a string, not integer `7`",
        ),
        (
            "[step.a]\nrun = { sh = 'x' }\n",
            "2: `run` in `[step.a]` must be a command or a list of a program and its \
             arguments, not a table",
        ),
        (
            "[files.uploads]\nexclude = []\n",
            "1: `uploads` in `[files]` lacks `path`",
        ),
        (
            "[env]\nproduction = 5\n",
            "2: `env.production` must be a table",
        ),
        ("\n[backup\n", "2: unclosed table, expected `]`"),
    ] {
        told(toml, message, "");
    }
}

#[test]
fn values_that_mean_nothing() {
    let rule = "it takes lower-case letters, digits, `_` and `-`, \
                beginning with a letter or a digit";
    for (toml, message) in [
        (
            "[files]\nredis = 'x'\n",
            "2: `redis` in `[files]`: `redis` is a part of its own; give the files another name",
        ),
        (
            "[files]\n'../x' = 'x'\n",
            &format!("2: `../x` in `[files]`: `../x` is no name for files; {rule}"),
        ),
        (
            "project = '../x'\n",
            &format!("1: `project`: `../x` is no project name; {rule}"),
        ),
        (
            "[step.a]\ntimeout = '10 minuts'\n",
            "2: `timeout` in `[step.a]`: `10 minuts` is no length of time; \
             write it like `30s`, `10m`, `26h` or `30d`",
        ),
        (
            "[backup]\ncompress = 'gzip:99'\n",
            "2: `compress` in `[backup]`: `gzip:99` has no such level; `gzip` takes 1 to 12",
        ),
        (
            "engine = 'docker'\n",
            "1: `engine`: `docker` is no engine; there are `compose`, `pm2`, `systemd` and `none`",
        ),
        (
            "[step.a]\nrun = []\n",
            "2: `run` in `[step.a]`: the command is empty",
        ),
        (
            "[backup]\njobs = 0\n",
            "2: `jobs` in `[backup]`: it takes 1 to 256",
        ),
        (
            "[backup]\nto = ''\n",
            "2: `to` in `[backup]`: a path is empty",
        ),
        ("[backup]\nto = \"a\\u0000b\"\n", "2: `to` holds a NUL byte"),
    ] {
        told(toml, message, "");
    }
    told(
        "[backup]\nparts = ['databse']\n",
        "2: `parts` in `[backup]`: unknown part `databse`",
        "did you mean `database`?",
    );
    told(
        "[database]\nall = true\nnames = ['a']\n",
        "3: `names` and `all` in `[database]` exclude each other",
        "keep one of the two",
    );
}

#[test]
fn mistakes_in_environments_that_are_not_chosen() {
    let toml = "[env.a.backup]\nto = '${ONLY_THERE}'\n[env.b.backup]\nkeep_lats = 1\n";
    let case = Case::of(toml).env("a").var("ONLY_THERE", "/x");
    let message = "sextant.toml:4: unknown key `keep_lats` in `[env.b.backup]`";
    assert_eq!(case.refused().0, message);
    Case::of("[env.a.backup]\nto = '${ONLY_THERE:?there}'\n").load();
}

#[test]
fn variables_that_are_not_set() {
    let (message, hint) = Case::of("\n[database]\npassword = '${DB_PASWORD}'\n").refused();
    assert_eq!(
        message,
        "sextant.toml:3: `password`: `${DB_PASWORD}` is not set"
    );
    let begins = "set `DB_PASWORD` in the environment or in `.env`, or write `${DB_PASWORD:-";
    assert!(hint.starts_with(begins), "{hint}");
    let (message, _) = Case::of("[backup]\nto = '${WHERE:?say where}'\n").refused();
    assert_eq!(
        message,
        "sextant.toml:2: `to`: `WHERE` must be set: say where"
    );
}

#[test]
fn no_message_holds_a_secret() {
    for toml in [
        "[database]\npassword = 'ab$hunter'\n",
        "[database]\npassword = 'ab${hunter$'\n",
        "[database]\npassword = 12340000\nuser = 5\n",
        "[database]\npassword = ['hunter']\n",
        "[database]\npassword.hunter = 1\n",
        "[database]\nurl = 'postgres://u:ab$hunter@h'\n",
        "[database]\npassword = hunter\n",
        "[database]\npassword = 'hunter\n",
        "[database]\npassword = 'a' hunter\n",
        "[database]\npassword = 'hunter'\npassword = 'hunter'\n",
    ] {
        let (message, hint) = Case::of(toml).refused();
        assert!(message.starts_with("sextant.toml:"), "{message}");
        for part in ["hunter", "1234"] {
            let shown = format!("{message} {hint}");
            assert!(!shown.contains(part), "{shown}");
        }
    }
    let twice = "[backup]\nkeep_last = 'hunter-no-3'\n[database]\npassword = 'hunter-no-3'\n";
    let (message, _) = Case::of(twice).refused();
    assert!(message.ends_with("not string \"***\""), "{message}");
    let case = Case::of("[backup]\nkeep_last = '${SHOWN_PASSWORD}'\n");
    let (message, _) = case.var("SHOWN_PASSWORD", "hunter-number-2").refused();
    let ends = "must be a whole number, not string \"***\"";
    assert!(message.ends_with(ends), "{message}");
}
