//! Rows copied out as they come.

use crate::container::{Container, DATABASE, PASSWORD, USER};
use std::io::{self, Read};
use std::time::Duration;
use toolkit::failure::Failure;
use toolkit::postgres::{Copier, Params, Server, Snapshot};

const WAIT: Duration = Duration::from_secs(5);

/// A row comes in pieces of the reader's size, however long it is, and the
/// server's count with it.
#[test]
fn rows_come_in_pieces_and_are_counted() {
    for major in [15, 17] {
        let container = Container::shared(major);
        let mut copier = Copier::open(&container.direct(), DATABASE).unwrap();
        let sql =
            b"COPY (SELECT repeat('x', 20000000) UNION ALL VALUES ('a\\b'), (NULL)) TO STDOUT";
        let mut largest = 0;
        let ((bytes, tail), rows) = copier
            .copy_out(sql, |rows| {
                let (mut bytes, mut tail) = (0, Vec::new());
                let mut room = vec![0; 1 << 20];
                loop {
                    match rows.read(&mut room)? {
                        0 => return Ok((bytes, tail)),
                        read => {
                            largest = largest.max(read);
                            bytes += read;
                            tail.extend_from_slice(&room[..read]);
                            tail.drain(..tail.len().saturating_sub(9));
                        }
                    }
                }
            })
            .unwrap();
        assert_eq!((bytes, rows), (20_000_001 + 8, 3));
        assert_eq!(tail, b"\na\\\\b\n\\N\n");
        // No more than is buffered.
        assert!(largest <= 256 << 10, "{largest}");
        let ((), rows) = copier
            .copy_out(b"COPY (SELECT WHERE false) TO STDOUT", |rows| {
                io::copy(rows, &mut io::sink()).map(drop)
            })
            .unwrap();
        assert_eq!(rows, 0);
    }
}

#[test]
fn what_the_server_refuses_is_said() {
    let container = Container::shared(17);
    let open = || Copier::open(&container.direct(), DATABASE).unwrap();
    let copied = open().copy_out(b"COPY nowhere TO STDOUT", |_| Ok(()));
    assert_eq!(Failure::of(&copied.unwrap_err()).reason, "pg_no_table");
    // In the middle of its rows.
    let sql = b"COPY (SELECT 10 / (9999 - i) FROM generate_series(1, 10000) AS i) TO STDOUT";
    let copied = open().copy_out(sql, |rows| io::copy(rows, &mut io::sink()));
    let failure = Failure::of(&copied.unwrap_err());
    assert!(failure.message.contains("division by zero"), "{failure}");
    // Rows that nobody read are not success.
    let copied = open().copy_out(b"COPY (SELECT 1) TO STDOUT", |_| Ok(()));
    assert!(copied.is_err());

    let wrong = format!("postgres://{USER}:x{PASSWORD}@{}/", container.address());
    let wrong = Server::direct(Params::resolve(Some(&wrong), &|_| None).unwrap());
    let error = Copier::open(&wrong, DATABASE).unwrap_err();
    assert_eq!(Failure::of(&error).reason, "pg_auth", "{error:#}");
    let error = Copier::open(&container.server(), DATABASE).unwrap_err();
    assert_eq!(Failure::of(&error).reason, "pg_unreachable");
}

/// A snapshot is joined on the server that holds it, and on no other.
#[test]
fn only_the_same_server_is_joined() {
    let (one, other) = (Container::start(17), Container::start(17));
    let mut held = Snapshot::take(&one.server(), DATABASE, WAIT).unwrap();
    let mark = held.mark().unwrap();
    let mut copier = Copier::open(&one.direct(), DATABASE).unwrap();
    copier.join(&mark).unwrap();

    let mut copier = Copier::open(&other.direct(), DATABASE).unwrap();
    assert!(copier.join(&mark).is_err());
}

/// From another thread, whatever it waits for.
#[test]
fn it_can_be_stopped() {
    let container = Container::shared(17);
    let mut copier = Copier::open(&container.direct(), DATABASE).unwrap();
    let stopper = copier.stopper();
    let ended = copier.copy_out(
        b"COPY (SELECT i, pg_sleep(CASE WHEN i > 9999 THEN 86400 ELSE 0 END) \
          FROM generate_series(1, 100000) AS i) TO STDOUT",
        |rows| {
            rows.read_exact(&mut [0; 10])?;
            stopper.stop();
            io::copy(rows, &mut io::sink())
        },
    );
    assert_eq!(Failure::of(&ended.unwrap_err()).reason, "pg_unreachable");
}
