use super::*;
use crate::compress::Codec;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use toolkit::command::Command;

fn pack_into(archive: &Path, root: &Path, exclude: &Exclude) -> Result<Archived> {
    let roots = [Root {
        path: root.to_owned(),
        name: "tree".into(),
    }];
    let mut compressor = Compressor::new(File::create(archive)?, Codec::Gzip(1), 2)?;
    let archived = pack(&roots, exclude, &mut compressor)?;
    compressor.finish()?;
    Ok(archived)
}

fn list(archive: &Path) -> Vec<String> {
    let tar = Command::new("tar").arg("tzf").arg(archive);
    let names = String::from_utf8(tar.read().unwrap()).unwrap();
    names.lines().map(str::to_owned).collect()
}

/// Everything about a tree that has to survive, one line a file.
fn describe(root: &Path) -> Vec<String> {
    let format = "%P|%y|%m|%U|%G|%T@|%s|%l|%n|%S\\0";
    let find = Command::new("find").arg(root).args(["-printf", format]);
    let lines = find.read().unwrap();
    let mut lines: Vec<_> = lines
        .split(|b| *b == 0)
        .map(|l| l.escape_ascii().to_string())
        .collect();
    lines.sort();
    lines
}

fn os(bytes: &[u8]) -> &std::ffi::OsStr {
    std::ffi::OsStr::from_bytes(bytes)
}

fn set(path: &Path, bytes: &[u8]) {
    File::create(path).unwrap().write_all(bytes).unwrap();
}

/// A tree of everything that is hard to save.
fn hard_tree(root: &Path) {
    fs::create_dir_all(root.join("empty")).unwrap();
    fs::create_dir_all(
        root.join("deep")
            .join("d".repeat(200))
            .join("e".repeat(200)),
    )
    .unwrap();
    set(&root.join("plain"), b"some text\n");
    set(&root.join("nothing"), b"");
    set(&root.join(os(b"caf\xe9 \n'\"\\")), b"latin");
    set(&root.join(os(&[0xE9; 180])), b"long and no UTF-8");
    set(
        &root
            .join("deep")
            .join("d".repeat(200))
            .join("f".repeat(150)),
        &[7; 1513],
    );
    set(&root.join("private"), b"x");
    fs::set_permissions(root.join("private"), fs::Permissions::from_mode(0o400)).unwrap();
    set(&root.join("setuid"), b"x");
    fs::set_permissions(root.join("setuid"), fs::Permissions::from_mode(0o4750)).unwrap();
    fs::set_permissions(root.join("empty"), fs::Permissions::from_mode(0o1777)).unwrap();
    fs::hard_link(root.join("plain"), root.join("second name")).unwrap();
    symlink("plain", root.join("link")).unwrap();
    symlink("/nowhere//at/./all/", root.join("dangling")).unwrap();
    symlink("t".repeat(300), root.join("long link")).unwrap();
    fs::hard_link(root.join("link"), root.join("link again")).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, root.join("fifo"), fifo, 0o640.into(), 0).unwrap();
    for (name, islands) in [("holes", 3_u64), ("many holes", 90), ("only a hole", 0)] {
        let file = File::create(root.join(name)).unwrap();
        for island in 0..islands {
            let at = island * (1 << 17) + 8192;
            std::os::unix::fs::FileExt::write_all_at(&file, name.as_bytes(), at).unwrap();
        }
        file.set_len(islands * (1 << 17) + 50_001).unwrap();
    }
    let old = std::time::UNIX_EPOCH - std::time::Duration::from_millis(1500);
    File::open(root.join("nothing"))
        .unwrap()
        .set_modified(old)
        .unwrap();
}

#[test]
fn gnu_tar_unpacks_it_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (root, archive) = (folder.path().join("source"), folder.path().join("a.tar.gz"));
    hard_tree(&root);
    let archived = pack_into(&archive, &root, &Exclude::default()).unwrap();
    assert_eq!(archived.warnings, [] as [&str; 0]);
    assert_eq!(archived.entries, describe(&root).len() as u64 - 1);

    let tar = Command::new("tar")
        .arg("xzpf")
        .arg(&archive)
        .arg("-C")
        .arg(folder.path());
    tar.read().unwrap();
    let unpacked = folder.path().join("tree");
    assert_eq!(describe(&unpacked), describe(&root));
    let diff = Command::new("diff")
        .args(["-r", "--no-dereference", "-x", "fifo"])
        .arg(&root)
        .arg(&unpacked);
    diff.read().unwrap();
    let stored = fs::metadata(&archive).unwrap().len();
    assert!(stored < 100_000, "{stored} bytes for a few islands");
}

#[test]
fn the_same_tree_makes_the_same_archive() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("source");
    hard_tree(&root);
    let [one, two] = ["one", "two"].map(|name| {
        let archive = folder.path().join(name);
        pack_into(&archive, &root, &Exclude::default()).unwrap();
        fs::read(archive).unwrap()
    });
    assert!(one == two);
}

#[test]
fn leaves_out_what_is_excluded() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("source");
    for path in [
        "keep/a.log.txt",
        "keep/a.log",
        "b/node_modules/x/y",
        "cache/x",
        "keep/cache/x",
        "backups/set/part",
        ".sextant-before-1/x",
    ] {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        set(&root.join(path), b"x");
    }
    let globs = ["*.log", "node_modules/", "/cache"].map(str::to_owned);
    let exclude = Exclude::new(&globs, &[root.join("keep/../backups")]).unwrap();
    let archive = folder.path().join("a.tar.gz");
    pack_into(&archive, &root, &exclude).unwrap();
    assert_eq!(
        list(&archive),
        [
            "tree/",
            "tree/b/",
            "tree/keep/",
            "tree/keep/a.log.txt",
            "tree/keep/cache/",
            "tree/keep/cache/x"
        ]
    );
    let error = Exclude::new(&["a[".to_owned()], &[]).unwrap_err();
    assert!(
        error.to_string().starts_with("`a[` is no pattern: "),
        "{error}"
    );
}

#[test]
fn a_single_file_is_saved_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let (file, archive) = (folder.path().join(".env"), folder.path().join("a.tar.gz"));
    set(&file, b"A=1\n");
    pack_into(&archive, &file, &Exclude::default()).unwrap();
    assert_eq!(list(&archive), ["tree"]);
}

#[test]
fn names_what_it_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("source");
    fs::create_dir(&root).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("s")).unwrap();
    let archive = folder.path().join("a.tar.gz");
    let archived = pack_into(&archive, &root, &Exclude::default()).unwrap();
    let socket = root.canonicalize().unwrap().join("s");
    assert_eq!(
        archived.warnings,
        [format!("`{}` is a socket, left out", socket.display())]
    );
    assert_eq!(list(&archive), ["tree/"]);
}

/// An archive of its own, to add single files to.
fn with_archive(path: &Path, work: impl FnOnce(&mut Archive<'_>)) -> Vec<String> {
    let mut compressor = Compressor::new(File::create(path).unwrap(), Codec::Gzip(1), 1).unwrap();
    let mut archive = Archive {
        builder: Builder::new(&mut compressor),
        linked: HashMap::new(),
        archived: Archived::default(),
        untold: 0,
    };
    work(&mut archive);
    archive.builder.finish().unwrap();
    let warnings = std::mem::take(&mut archive.archived.warnings);
    drop(archive);
    compressor.finish().unwrap();
    warnings
}

#[test]
fn a_file_that_grows_or_shrinks_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (path, archive) = (folder.path().join("log"), folder.path().join("a.tar.gz"));
    for now in [10_u64, 5000] {
        set(&path, &[b'x'; 1000]);
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let stat = rustix::fs::fstat(&file).unwrap();
        let warnings = with_archive(&archive, |archive| {
            // What happens between the header and the bytes.
            file.set_len(now).unwrap();
            archive.add(&path, Path::new("log"), &file, &stat).unwrap();
            let (file, stat) = (
                File::open("/etc/passwd").unwrap(),
                rustix::fs::stat("/etc/passwd").unwrap(),
            );
            archive
                .add(Path::new("/etc/passwd"), Path::new("next"), &file, &stat)
                .unwrap();
        });
        assert_eq!(
            warnings,
            [format!("`{}` changed while it was read", path.display())]
        );
        assert_eq!(list(&archive), ["log", "next"]);
        let tar = Command::new("tar").arg("xzOf").arg(&archive).arg("next");
        assert_eq!(tar.read().unwrap(), fs::read("/etc/passwd").unwrap());
    }
}

#[test]
fn what_vanishes_or_turns_into_a_link_is_named_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    fs::create_dir(root.join("real")).unwrap();
    set(&root.join("real/secret"), b"x");
    fs::create_dir(root.join("tree")).unwrap();
    symlink("../real", root.join("tree/swapped")).unwrap();
    let beneath = Beneath::open(&root.join("tree")).unwrap();
    let followed = beneath.read(Path::new("swapped/secret")).unwrap_err();
    let direct = beneath.read(Path::new("swapped")).unwrap_err();
    let gone = beneath.read(Path::new("gone")).unwrap_err();
    let warnings = with_archive(&root.join("a"), |archive| {
        archive.unread(Path::new("/a"), &followed).unwrap();
        archive.unread(Path::new("/b"), &direct).unwrap();
        archive.unread(Path::new("/c"), &gone).unwrap();
    });
    assert_eq!(
        warnings,
        [
            "`/a` was replaced while it was read",
            "`/b` was replaced while it was read",
            "`/c` vanished while it was read"
        ]
    );
}

#[test]
fn what_may_not_be_read_is_a_failure() {
    let denied = io::Error::from(io::ErrorKind::PermissionDenied);
    let error = with_failure(|archive| archive.unread(Path::new("/srv/key"), &denied));
    assert_eq!(error.message, "cannot read `/srv/key`: permission denied");
    assert_eq!(error.reason, "unreadable_file");
}

fn with_failure(work: impl FnOnce(&mut Archive<'_>) -> Result<()>) -> Failure {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut failure = None;
    with_archive(file.path(), |archive| failure = work(archive).err());
    Failure::of(&failure.unwrap())
}
