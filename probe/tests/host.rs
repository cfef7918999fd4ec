//! The kinds that look at this machine, each broken on purpose and mended.

#![allow(clippy::unwrap_used, clippy::expect_used)] // All of it is tests.

mod look;

use look::{look_in, refused};
use probe::Finding;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use toolkit::command::Command;
use toolkit::record::Status;
use toolkit::testing::free_port;

/// Status, reason and what was seen.
fn told(finding: &Finding) -> (Status, &str, &str) {
    (
        finding.status,
        finding.reason.unwrap_or("none"),
        &finding.observed,
    )
}

#[test]
fn room_on_a_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let disk = |keys: &str| look_in(folder.path(), "disk", &format!("path = '.'\n{keys}"));
    let roomy = disk("used = { fail = 101 }\ninodes = {}\nfree = { fail = '1 B' }");
    assert_eq!(roomy.status, Status::Ok, "{roomy:?}");
    let full = disk("used = { warn = 0, fail = 101 }\ninodes = {}");
    assert_eq!(
        (full.status, full.reason),
        (Status::Warn, Some("disk_full"))
    );
    assert_eq!(full.expected, "less than 0 % used");
    let little = disk("used = {}\ninodes = {}\nfree = { fail = '15 EiB' }");
    assert_eq!(
        (little.status, little.reason),
        (Status::Fail, Some("disk_full"))
    );
    assert_eq!(little.expected, "more than 15.0 EiB free");
    let gone = look_in(folder.path(), "disk", "path = '/not/there'");
    assert!(
        gone.observed.starts_with("cannot look at `/not/there`"),
        "{gone:?}"
    );
}

#[test]
fn memory_and_load_are_what_the_machine_has() {
    let folder = tempfile::tempdir().unwrap();
    let memory = look_in(folder.path(), "memory", "used = { fail = 0.001 }");
    assert_eq!(told(&memory).1, "memory_full");
    assert_eq!(memory.expected, "less than 0.001 % used");
    let load = look_in(folder.path(), "load", "fifteen = { fail = -1 }");
    assert_eq!(told(&load).1, "load_high");
    assert_eq!(
        refused("load", "five = {}"),
        "the check expects nothing: give `five` a limit"
    );
}

#[test]
fn a_port_and_who_listens_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let is = |is: &str| {
        look_in(
            folder.path(),
            "port",
            &format!("port = {port}\nis = '{is}'"),
        )
    };
    assert_eq!(is("listening").status, Status::Ok);
    assert_eq!(is("private").status, Status::Ok);
    assert_eq!(told(&is("free")).1, "port_taken");
    drop(listener);
    assert_eq!(is("free").status, Status::Ok);
    let silent = is("listening");
    assert_eq!(
        told(&silent),
        (
            Status::Fail,
            "port_silent",
            format!("nobody listens on {port}").as_str()
        )
    );
    let everywhere = TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let port = everywhere.local_addr().unwrap().port();
    let public = look_in(
        folder.path(),
        "port",
        &format!("port = {port}\nis = 'private'"),
    );
    assert_eq!(told(&public).1, "port_public");
}

#[test]
fn variables_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str, mode: u32| {
        let path = folder.path().join("app.env");
        File::create(&path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        look_in(
            folder.path(),
            "env",
            "file = 'app.env'\nmode = '0600'\nset = ['HOST']\nsecrets = ['JWT_SECRET']",
        )
    };
    let good = "HOST=example.org\nJWT_SECRET=9f1c7b0d55aa41e2b7c86d3e\n";
    assert_eq!(write(good, 0o600).status, Status::Ok);
    let open = write(good, 0o644);
    assert_eq!(told(&open).1, "env_mode");
    assert!(
        open.observed.ends_with("app.env` has the mode 0644"),
        "{open:?}"
    );
    let weak = write("HOST=changeme\nJWT_SECRET=tooshort\n", 0o400);
    assert_eq!(
        told(&weak),
        (Status::Fail, "env_unset", "`HOST` is a placeholder")
    );
    assert_eq!(
        weak.also[0].observed,
        "`JWT_SECRET` has 8 characters, fewer than 16"
    );
    assert_eq!(
        refused("env", "matches = { A = '(' }").lines().next(),
        Some("`A` in `matches`: regex parse error:")
    );
}

/// Runs git in `folder`, as nobody in particular.
fn git(folder: &Path, args: &[&str]) {
    let name = ["-c", "user.name=a", "-c", "user.email=a@b"];
    let git = Command::new("git").args(name).args(args.iter().copied());
    git.folder(folder).read().unwrap();
}

#[test]
fn what_is_checked_out() {
    let folder = tempfile::tempdir().unwrap();
    let (upstream, tree) = (folder.path().join("upstream"), folder.path().join("tree"));
    for path in [&upstream, &tree] {
        fs::create_dir(path).unwrap();
    }
    let all = |keys: &str| look_in(folder.path(), "git", &format!("folder = 'tree'\n{keys}"));
    assert_eq!(told(&all("clean = true")).1, "git_no_repository");

    git(&upstream, &["init", "--quiet", "--initial-branch", "main"]);
    git(
        &upstream,
        &["commit", "--quiet", "--allow-empty", "--message", "one"],
    );
    git(&upstream, &["tag", "v1.0"]);
    git(&tree, &["clone", "--quiet", "../upstream", "."]);
    let wanted = "clean = true\nbranch = 'main'\ntag = 'v*'\nin_step = true";
    assert_eq!(all(wanted).status, Status::Ok, "{:?}", all(wanted));

    File::create(tree.join("a b")).unwrap();
    let dirty = all(wanted);
    assert_eq!(
        told(&dirty),
        (Status::Fail, "git_dirty", "1 files are not committed: a b")
    );
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "--quiet", "--message", "two"]);
    git(&tree, &["checkout", "--quiet", "-b", "other"]);
    let reasons: Vec<_> = {
        let finding = all(wanted);
        let also = finding.also.iter().map(|fault| fault.reason);
        finding.reason.into_iter().chain(also).collect()
    };
    assert_eq!(reasons, ["git_branch", "git_tag", "git_no_upstream"]);
    git(&tree, &["checkout", "--quiet", "main"]);
    let ahead = all("in_step = true");
    assert_eq!(
        told(&ahead),
        (Status::Fail, "git_apart", "1 commits ahead, 0 behind")
    );
}

#[test]
fn no_backup_is_no_pass() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sets")).unwrap();
    let none = look_in(folder.path(), "backup", "folder = 'sets'");
    assert_eq!(
        told(&none),
        (Status::Fail, "backup_none", "there is no complete set")
    );
    assert_eq!(none.expected, "a complete set younger than 1 d 2 h");
}
