//! What is judged of a database.

use super::super::ask::{Replica, Transaction};
use super::*;
use crate::report::Level;
use crate::{Amount, Text};

fn healthy() -> Seen {
    Seen {
        version: "17.12 (Debian)".into(),
        database: "shop".into(),
        used: 10.0,
        most: 100.0,
        ..Seen::default()
    }
}

fn reasons(seen: &Seen, wanted: &Postgres) -> Vec<(Level, &'static str)> {
    let faults = of(seen, wanted).faults;
    faults
        .into_iter()
        .map(|fault| (fault.level, fault.reason))
        .collect()
}

#[test]
fn connections_run_out() {
    let any = Postgres::default();
    assert_eq!(reasons(&healthy(), &any), []);
    for (used, level) in [(80.0, Level::Warn), (95.0, Level::Fail)] {
        let seen = Seen { used, ..healthy() };
        assert_eq!(reasons(&seen, &any), [(level, "pg_connections")]);
    }
}

#[test]
fn an_answer_is_compared_in_one_of_three_ways() {
    let answer = |rows, value: Option<&str>| Seen {
        answer: Some(Answer {
            rows,
            is_cut: false,
            value: value.map(str::to_owned),
        }),
        ..healthy()
    };
    let exactly = |number| {
        Some(Amount {
            min: Some(number),
            max: Some(number),
        })
    };
    let rows = Postgres {
        rows: exactly(2.0),
        ..Postgres::default()
    };
    assert_eq!(reasons(&answer(2.0, None), &rows), []);
    assert_eq!(
        reasons(&answer(3.0, None), &rows),
        [(Level::Fail, "pg_rows")]
    );
    let value = Postgres {
        value: Some(Text("ok".into())),
        ..Postgres::default()
    };
    let wrong = [(Level::Fail, "pg_value")];
    assert_eq!(reasons(&answer(1.0, Some("ok")), &value), []);
    assert_eq!(reasons(&answer(1.0, Some("okay")), &value), wrong);
    assert_eq!(reasons(&answer(0.0, None), &value), wrong);
    let number = Postgres {
        number: exactly(1.0),
        ..Postgres::default()
    };
    assert_eq!(reasons(&answer(1.0, Some("1.00")), &number), []);
    assert_eq!(reasons(&answer(1.0, Some("one")), &number), wrong);
    assert_eq!(reasons(&answer(1.0, None), &number), wrong);
}

#[test]
fn replication_is_told_apart() {
    let follows = Postgres {
        replication_lag: Limits::new(1.0, 5.0),
        ..Postgres::default()
    };
    let any = Postgres::default();
    let replica = |receives, lag| Seen {
        is_replica: true,
        receives,
        lag,
        ..healthy()
    };
    assert_eq!(reasons(&replica(true, 0.5), &follows), []);
    assert_eq!(
        reasons(&replica(true, 5.0), &follows),
        [(Level::Fail, "pg_lag")]
    );
    let broken = |level| [(level, "pg_replication_broken")];
    assert_eq!(reasons(&replica(false, 0.0), &follows), broken(Level::Fail));
    assert_eq!(reasons(&replica(false, 0.0), &any), broken(Level::Warn));

    let primary = |replicas: &[(Option<&str>, f64)]| Seen {
        replicas: replicas
            .iter()
            .map(|(state, lag)| Replica {
                name: "r".into(),
                state: state.map(str::to_owned),
                lag: *lag,
            })
            .collect(),
        ..healthy()
    };
    assert_eq!(reasons(&primary(&[]), &any), []);
    let none = reasons(&primary(&[]), &follows);
    assert_eq!(none, [(Level::Fail, "pg_no_replica")]);
    let streaming = Some("streaming");
    assert_eq!(reasons(&primary(&[(streaming, 0.1)]), &follows), []);
    let slow = reasons(&primary(&[(streaming, 0.1), (streaming, 2.0)]), &follows);
    assert_eq!(slow, [(Level::Warn, "pg_lag")]);
    assert_eq!(
        reasons(&primary(&[(Some("catchup"), 0.0)]), &follows),
        broken(Level::Fail)
    );
    let blind = reasons(&primary(&[(None, 0.0)]), &follows);
    assert_eq!(blind, [(Level::Fail, "pg_permission")]);
    let role = Postgres {
        role: Some(Role::Replica),
        ..Postgres::default()
    };
    assert_eq!(reasons(&healthy(), &role), [(Level::Fail, "pg_role")]);
}

#[test]
fn a_transaction_that_was_forgotten() {
    let wanted = Postgres {
        oldest_transaction: Limits::new(60.0, 600.0),
        ..Postgres::default()
    };
    let open = |seconds| Seen {
        oldest: Some(Transaction {
            seconds,
            ..Transaction::default()
        }),
        ..healthy()
    };
    assert_eq!(reasons(&open(59.0), &wanted), []);
    assert_eq!(
        reasons(&open(60.0), &wanted),
        [(Level::Warn, "pg_old_transaction")]
    );
}
