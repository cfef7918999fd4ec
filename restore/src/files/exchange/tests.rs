use super::super::tests::{archive, set, texts, whole};
use super::super::{sweep, unpack};
use super::*;
use std::fs;
use tar::EntryType;

type Texts = Vec<(String, String)>;

/// A folder of old files, and new ones unpacked beside them.
struct Scene {
    folder: tempfile::TempDir,
    old: Texts,
    new: Texts,
}

impl Scene {
    fn new(keep_old: bool) -> (Self, Exchange) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["both", "folder/a", "only old/x"] {
            set(&folder.path().join(name), "old");
        }
        let old = texts(folder.path());
        let bytes = archive(&[
            ("./", EntryType::Directory, "", ""),
            ("both", EntryType::Regular, "", "new"),
            ("folder/b", EntryType::Regular, "", "new"),
            ("only new", EntryType::Regular, "", "new"),
        ]);
        let plan = Plan {
            keep_old,
            ..whole(folder.path(), "")
        };
        let mut unpacked = unpack(&plan, bytes.as_slice()).unwrap();
        let exchange = unpacked.exchange.take().unwrap();
        let new = ["both", "folder/b", "only new"].map(|name| (name.to_owned(), "new".to_owned()));
        let scene = Self {
            folder,
            old,
            new: new.into(),
        };
        (scene, exchange)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What the next run makes of it, and whether it leaves anything.
    fn swept(&self) -> Texts {
        sweep(self.path()).unwrap();
        assert_eq!(sweep(self.path()).unwrap(), [] as [String; 0]);
        let live = texts(self.path());
        assert!(
            !live.iter().any(|(name, _)| name.starts_with(ASIDE)),
            "{live:?}"
        );
        live
    }
}

#[test]
fn killed_before_the_journal_the_old_files_stay() {
    let (scene, exchange) = Scene::new(false);
    drop(exchange);
    assert_eq!(scene.swept(), scene.old);
}

#[test]
fn killed_after_any_step_the_next_run_finishes() {
    for steps in 0.. {
        let (scene, mut exchange) = Scene::new(false);
        journal::write(&exchange.work, &exchange.journal).unwrap();
        let mut more = true;
        for _ in 0..steps {
            more = exchange.step().unwrap();
        }
        drop(exchange);
        assert_eq!(scene.swept(), scene.new, "killed after {steps} steps");
        let modified = fs::metadata(scene.path()).unwrap().modified().unwrap();
        let since = modified.duration_since(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(since.as_secs(), 1_000_000_000, "killed after {steps} steps");
        if !more {
            assert_eq!(steps, 5);
            return;
        }
    }
}

#[test]
fn killed_while_the_old_files_are_removed_the_next_run_goes_on() {
    let (scene, mut exchange) = Scene::new(false);
    exchange.run().unwrap();
    exchange.work.turn_into(Kind::Drop).unwrap();
    drop(exchange);
    assert_eq!(scene.swept(), scene.new);
}

#[test]
fn old_files_that_are_kept_survive_the_next_run() {
    let (scene, mut exchange) = Scene::new(true);
    exchange.run().unwrap();
    let before = exchange.complete().unwrap().unwrap();
    assert_eq!(sweep(scene.path()).unwrap(), [] as [String; 0]);
    assert_eq!(texts(&before.join(FILES)), scene.old);
}

#[test]
fn undone_after_any_step_all_is_as_before() {
    for steps in 0..=5 {
        let (scene, mut exchange) = Scene::new(false);
        journal::write(&exchange.work, &exchange.journal).unwrap();
        for _ in 0..steps {
            exchange.step().unwrap();
        }
        exchange.undo().unwrap();
        assert_eq!(texts(scene.path()), scene.old, "undone after {steps} steps");
    }
}

/// Where the file system cannot exchange.
#[test]
fn three_renames_can_be_finished_and_undone_after_each() {
    for (renames, undo) in (0..=3).flat_map(|renames| [(renames, false), (renames, true)]) {
        let (scene, exchange) = Scene::new(false);
        journal::write(&exchange.work, &exchange.journal).unwrap();
        let (live, work) = (scene.path().join("folder"), exchange.work.path());
        let aside = work.join(FILES).join("folder");
        let moves = [
            (&live, &work.join("moving-1")),
            (&aside, &live),
            (&work.join("moving-1"), &aside),
        ];
        for (from, to) in &moves[..renames] {
            fs::rename(from, to).unwrap();
        }
        if undo {
            exchange.undo().unwrap();
            assert_eq!(
                texts(scene.path()),
                scene.old,
                "undone after {renames} renames"
            );
            continue;
        }
        drop(exchange);
        assert_eq!(scene.swept(), scene.new, "killed after {renames} renames");
    }
}

#[test]
fn three_renames_do_what_one_exchange_does() {
    let (scene, mut exchange) = Scene::new(false);
    let path = Path::new("both");
    let (live, aside) = (
        exchange.live(path, false).unwrap(),
        exchange.aside(path).unwrap(),
    );
    exchange
        .swap_by_three(&live, &aside, Path::new("both"))
        .unwrap();
    assert_eq!(
        fs::read_to_string(scene.path().join("both")).unwrap(),
        "new"
    );
    exchange.run().unwrap();
    exchange.complete().unwrap();
    assert_eq!(scene.swept(), scene.new);
}

#[test]
fn what_the_application_writes_meanwhile_is_not_lost_before_its_time() {
    let (scene, mut exchange) = Scene::new(true);
    set(&scene.path().join("only new"), "by the application");
    exchange.run().unwrap();
    let before = exchange.complete().unwrap().unwrap();
    let kept = before.join(FILES).join("only new");
    assert_eq!(fs::read_to_string(kept).unwrap(), "by the application");
}

#[test]
fn a_journal_that_leads_outside_is_refused() {
    let (scene, exchange) = Scene::new(false);
    let mut journal = exchange.journal.clone();
    journal.names[0] = Name::new(Path::new("../x"), None);
    journal::write(&exchange.work, &journal).unwrap();
    drop(exchange);
    let error = format!("{:#}", sweep(scene.path()).unwrap_err());
    assert!(
        error.ends_with("journal.json` is damaged: it names what is outside"),
        "{error}"
    );
}
