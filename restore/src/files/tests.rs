mod hostile;

use super::*;
use crate::unpack::Unpacker;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use tar::{Builder, EntryType, Header};
use toolkit::command::Command;

pub(super) fn set(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

/// Everything about a tree that has to survive, one line a file.
fn describe(root: &Path) -> Vec<String> {
    let format = "%P|%y|%m|%U|%G|%T@|%s|%l|%n|%S\\0";
    let lines = Command::new("find")
        .arg(root)
        .args(["-printf", format])
        .read()
        .unwrap();
    let lines = lines.split(|byte| *byte == 0);
    let mut lines: Vec<_> = lines.map(|line| line.escape_ascii().to_string()).collect();
    lines.sort();
    lines
}

/// The names and texts of all files below `root`.
pub(super) fn texts(root: &Path) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(texts_below(root, &path));
        } else {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            texts.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    texts.sort();
    texts
}

fn texts_below(root: &Path, folder: &Path) -> Vec<(String, String)> {
    let name = folder
        .strip_prefix(root)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let prefixed = |(below, text)| (format!("{name}/{below}"), text);
    texts(folder).into_iter().map(prefixed).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    expected.iter().map(owned).collect()
}

pub(super) fn whole<'a>(target: &'a Path, inside: &'a str) -> Plan<'a> {
    Plan {
        target,
        inside: Path::new(inside),
        scope: Scope::Whole,
        stamp: "20261120_020000",
        expected: None,
        keep_old: false,
    }
}

/// An archive of these entries: path, type, link, content.
pub(super) fn archive(entries: &[(&str, EntryType, &str, &str)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, kind, link, content) in entries {
        let mut header = Header::new_gnu();
        let old = header.as_old_mut();
        old.name[..path.len()].copy_from_slice(path.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(if *kind == EntryType::Directory {
            0o755
        } else {
            0o644
        });
        header.set_uid(fs::metadata("/proc/self").unwrap().uid().into());
        header.set_gid(fs::metadata("/proc/self").unwrap().gid().into());
        header.set_mtime(1_000_000_000);
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn restore(plan: &Plan<'_>, archive: &[u8]) -> Result<Option<PathBuf>> {
    unpack(plan, archive)?.exchange()
}

fn hard_tree(root: &Path) {
    fs::create_dir_all(root.join("empty")).unwrap();
    set(
        &root
            .join("deep")
            .join("d".repeat(200))
            .join("e".repeat(150)),
        "deep",
    );
    set(
        &root.join(OsStr::from_bytes(b"caf\xe9 \n'\"\\")),
        "no UTF-8",
    );
    set(&root.join("plain"), "text\n");
    set(&root.join("private"), "x");
    fs::set_permissions(root.join("private"), fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(root.join("empty"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::hard_link(root.join("plain"), root.join("second name")).unwrap();
    symlink("/nowhere//at/all/", root.join("dangling")).unwrap();
    symlink("t".repeat(300), root.join("long link")).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, root.join("fifo"), fifo, 0o640.into(), 0).unwrap();
    for (name, islands) in [("holes", 3_u64), ("many holes", 90), ("only a hole", 0)] {
        let file = File::create(root.join(name)).unwrap();
        for island in 0..islands {
            file.write_all_at(name.as_bytes(), island * (1 << 17) + 8192)
                .unwrap();
        }
        file.set_len(islands * (1 << 17) + 50_001).unwrap();
    }
    // What anybody else gets of it: see the test of owners.
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(root.join("empty"), fs::Permissions::from_mode(0o1777)).unwrap();
        set(&root.join("setuid"), "x");
        std::os::unix::fs::chown(root.join("setuid"), Some(12), Some(34)).unwrap();
        std::os::unix::fs::lchown(root.join("dangling"), Some(56), Some(78)).unwrap();
        fs::set_permissions(root.join("setuid"), fs::Permissions::from_mode(0o4750)).unwrap();
    }
    // No format of GNU tar's but one keeps more than seconds.
    let second = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let touch = Command::new("find").arg(root).args([
        "-exec",
        "touch",
        "-hd",
        "2001-09-09T01:46:40Z",
        "{}",
        "+",
    ]);
    touch.read().unwrap();
    File::open(root.join("plain"))
        .unwrap()
        .set_modified(second)
        .unwrap();
}

#[test]
fn brings_back_what_gnu_tar_saved() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("uploads");
    hard_tree(&source);
    for options in [
        &["-czSf"][..],
        &["--format=posix", "-czf"],
        &["--zstd", "-Scf"],
    ] {
        let file = folder.path().join("files.tar.gz");
        let tar = Command::new("tar").args(options.iter().copied()).arg(&file);
        tar.arg("-C")
            .arg(folder.path())
            .arg("uploads")
            .read()
            .unwrap();
        let target = folder.path().join(format!("target {}", options.len()));
        set(&target.join("old"), "old");
        let before = fs::metadata(&target).unwrap().ino();

        let reader = Unpacker::open(&file).unwrap();
        unpack(&whole(&target, "uploads"), reader)
            .unwrap()
            .exchange()
            .unwrap();
        let comparable = |root: &Path| -> Vec<String> {
            let ratio = |line: String| match options[0] {
                // Without -S, holes come back as zeros.
                "--format=posix" => line.rsplit_once('|').map(|(line, _)| line.to_owned()),
                _ => Some(line),
            };
            describe(root).into_iter().filter_map(ratio).collect()
        };
        assert_eq!(comparable(&target), comparable(&source), "{options:?}");
        let diff = Command::new("diff").args(["-r", "--no-dereference", "-x", "fifo"]);
        diff.arg(&source).arg(&target).read().unwrap();
        assert_eq!(
            fs::metadata(&target).unwrap().ino(),
            before,
            "a container would not see it"
        );
        fs::remove_dir_all(&target).unwrap();
    }
}

#[test]
fn owners_and_setuid_are_for_root_alone_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = Builder::new(Vec::new());
    for (path, kind, mode) in [
        ("sticky/", EntryType::Directory, 0o1777),
        ("setuid", EntryType::Regular, 0o6751),
    ] {
        let mut header = Header::new_gnu();
        header.set_path(path).unwrap();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(12);
        header.set_gid(34);
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, io::empty()).unwrap();
    }
    restore(&whole(folder.path(), ""), &builder.into_inner().unwrap()).unwrap();
    let given = |name: &str| {
        let found = fs::symlink_metadata(folder.path().join(name)).unwrap();
        (found.mode() & 0o7777, found.uid(), found.gid())
    };
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    let (sticky, setuid) = if user.is_root() {
        ((0o1777, 12, 34), (0o6751, 12, 34))
    } else {
        let (user, group) = (user.as_raw(), group.as_raw());
        ((0o777, user, group), (0o751, user, group))
    };
    assert_eq!((given("sticky"), given("setuid")), (sticky, setuid));
}

#[test]
fn the_old_files_are_kept_or_gone_as_asked() {
    let new = archive(&[
        ("./", EntryType::Directory, "", ""),
        ("./a", EntryType::Regular, "", "new a"),
        ("./sub/c", EntryType::Regular, "", "new c"),
    ]);
    for keep_old in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "sub/c", "sub/d"] {
            set(&folder.path().join(name), &format!("old {name}"));
        }
        let plan = Plan {
            keep_old,
            ..whole(folder.path(), "")
        };
        let before = restore(&plan, &new).unwrap();
        let live = [("a", "new a"), ("sub/c", "new c")];
        if let Some(before) = before {
            assert!(keep_old);
            let old = [
                ("a", "old a"),
                ("b", "old b"),
                ("sub/c", "old sub/c"),
                ("sub/d", "old sub/d"),
            ];
            assert_eq!(texts(&before.join("files")), pairs(&old));
            fs::remove_dir_all(before).unwrap();
        } else {
            assert!(!keep_old);
        }
        assert_eq!(texts(folder.path()), pairs(&live));
    }
}

#[test]
fn replaces_only_what_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("app");
    for name in [".env", "code", "nginx/site.conf", "nginx/other"] {
        set(&target.join(name), "old");
    }
    let new = archive(&[
        (".env", EntryType::Regular, "", "new"),
        ("nginx/site.conf", EntryType::Regular, "", "new"),
        ("tls/key", EntryType::Regular, "", "new"),
    ]);
    let only = [".env", "nginx/site.conf", "tls"].map(PathBuf::from);
    let plan = Plan {
        scope: Scope::Only(&only),
        ..whole(&target, "")
    };
    restore(&plan, &new).unwrap();
    let live = [
        (".env", "new"),
        ("code", "old"),
        ("nginx/other", "old"),
        ("nginx/site.conf", "new"),
        ("tls/key", "new"),
    ];
    assert_eq!(texts(&target), pairs(&live));

    let only = [PathBuf::from("nothing")];
    let plan = Plan {
        scope: Scope::Only(&only),
        ..plan
    };
    let error = restore(&plan, &new).unwrap_err();
    assert_eq!(
        Failure::of(&error).message,
        "`nothing` is not in the archive"
    );
    let only = [PathBuf::from("../x")];
    let plan = Plan {
        scope: Scope::Only(&only),
        ..plan
    };
    assert_eq!(
        Failure::of(&restore(&plan, &new).unwrap_err()).reason,
        "hostile_archive"
    );
    assert_eq!(texts(&target), pairs(&live));
}

#[test]
fn what_cannot_be_replaced_leaves_all_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("app");
    set(&target.join("a"), "old");
    set(&folder.path().join("elsewhere/x"), "elsewhere");
    symlink("../elsewhere", target.join("linked")).unwrap();
    let new = archive(&[
        ("a", EntryType::Regular, "", "new"),
        ("b", EntryType::Regular, "", "new"),
        ("linked/x", EntryType::Regular, "", "new"),
    ]);
    let only = ["a", "b", "linked/x"].map(PathBuf::from);
    let plan = Plan {
        scope: Scope::Only(&only),
        ..whole(&target, "")
    };
    let error = restore(&plan, &new).unwrap_err();
    assert!(
        format!("{error:#}").starts_with("cannot replace `"),
        "{error:#}"
    );
    let all = [
        ("app/a", "old"),
        ("app/linked/x", "elsewhere"),
        ("elsewhere/x", "elsewhere"),
    ];
    assert_eq!(texts(folder.path()), pairs(&all));
    assert_eq!(fs::read_dir(&target).unwrap().count(), 2);
}

#[test]
fn needs_room_beside_the_live_files() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        expected: Some(1 << 60),
        ..whole(folder.path(), "")
    };
    let failure = Failure::of(&unpack(&plan, io::empty()).unwrap_err());
    assert_eq!(failure.reason, "no_space");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn unpacked_but_never_exchanged_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    set(&folder.path().join("a"), "old");
    let new = archive(&[("a", EntryType::Regular, "", "new")]);
    drop(unpack(&whole(folder.path(), ""), new.as_slice()).unwrap());
    assert_eq!(texts(folder.path()), pairs(&[("a", "old")]));
}
