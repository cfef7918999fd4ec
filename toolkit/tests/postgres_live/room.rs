//! The room that a server's files have, as far as it can be known.

use crate::container::Container;
use crate::host::{Host, direct};
use std::path::Path;
use toolkit::postgres::{Room, Server, Session};

fn room(server: &Server) -> Option<Room> {
    let mut session = Session::open(server, "postgres").unwrap();
    let room = Room::of(&mut session).unwrap();
    // Whatever could not be learned, the connection goes on.
    assert_eq!(session.number("SELECT 1").unwrap(), 1);
    room
}

#[test]
fn a_container_has_its_own_file_system() {
    for major in [15, 17] {
        let container = Container::shared(major);
        let room = room(&container.server()).unwrap();
        assert_eq!(room.folder, Path::new("/var/lib/postgresql/data"));
        assert!(room.free > 1 << 20, "{room:?}");
    }
}

#[test]
fn a_server_on_this_machine_has_this_machine_s() {
    let host = Host::start(None);
    let found = room(&host.over_socket("postgres")).unwrap();
    let here = rustix::fs::statvfs(&found.folder).unwrap();
    // Others write meanwhile.
    let near = (here.f_bavail * here.f_frsize).abs_diff(found.free);
    assert!(near < 1 << 30, "{found:?}");
}

#[test]
fn what_cannot_be_known_is_nothing() {
    // Another machine's folder is not here; its path may be, and be another's.
    let container = Container::shared(17);
    assert_eq!(room(&container.direct()), None);

    let host = Host::start(None);
    let boss = host.over_socket("postgres");
    let mut session = Session::open(&boss, "postgres").unwrap();
    session.execute("CREATE ROLE plain LOGIN").unwrap();
    let socket = host.socket();
    let plain = format!(
        "host={} port={} user=plain dbname=postgres",
        socket.display(),
        host.port
    );
    assert_eq!(room(&direct(&plain, &[])), None);
    session
        .execute("GRANT pg_read_all_settings TO plain")
        .unwrap();
    assert!(room(&direct(&plain, &[])).is_some());

    // Of another server, in a folder of the same name that is here.
    let data = room(&boss).unwrap().folder;
    let option = format!("PGDATA={}", data.display());
    let elsewhere = Container::start_with(15, &["--env", &option]);
    assert_eq!(room(&elsewhere.server()).unwrap().folder, data);
    assert_eq!(room(&elsewhere.direct()), None);
}
