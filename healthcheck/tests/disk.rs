//! `healthcheck` of a disk that is full, and of the same one once there is room
//! again.

use toolkit::testing::{Place, Seen, SmallDisks};

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");

#[test]
fn a_full_disk_fails_until_there_is_room_again() {
    let place = Place::new();
    let check = "[[check]]\nname = 'room'\nkind = 'disk'\npath = '/small/0'\n";
    place.write("sextant.toml", check);
    let disks = SmallDisks::of(place, HEALTHCHECK, &["size=256k"]);
    assert_eq!(disks.path(0), "/small/0");
    // Of what is found on this machine, nothing else.
    let looked = || Seen::run(disks.tool(&[]).arg("room"));

    let empty = looked().succeeded();
    let found = &empty.data()["checks"][0];
    assert_eq!(found["status"], "ok", "{found}");

    disks.run(&["sh", "-c", "head -c 256k /dev/zero >/small/0/log"]);
    let full = looked();
    assert_eq!((full.code, full.reason()), (Some(1), "checks_failed"));
    let message = full.message();
    assert!(message.ends_with("failed: `room` (disk_full)"), "{message}");
    let found = &full.data()["checks"][0];
    assert_eq!(found["observed"], "100 % used, 0 B free of 256 KiB");
    assert_eq!(found["expected"], "less than 90 % used");

    disks.run(&["rm", "/small/0/log"]);
    let _ = looked().succeeded();
}
