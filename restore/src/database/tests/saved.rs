//! A database saved as `backup` saves it.

use super::place::Postgres;
use crate::database::Wanted;
use std::io::Cursor;
use std::time::Duration;
use toolkit::postgres::{Server, Snapshot, Version};
use toolkit::set::DatabaseProof;

pub(super) const STAMP: &str = "20261120_021500";

/// A dump and its proof.
#[derive(Clone)]
pub(super) struct Saved {
    pub(super) dump: Vec<u8>,
    pub(super) proof: DatabaseProof,
}

impl Saved {
    pub(super) fn of(postgres: &Postgres, database: &str) -> Self {
        let wait = Duration::from_secs(60);
        let mut snapshot = Snapshot::take(&postgres.server, database, wait).unwrap();
        let dump = postgres.dump(database, &["--snapshot", snapshot.id()]);
        let program = Version::of_program(&postgres.server, "pg_dump").unwrap();
        let proof = DatabaseProof {
            database: database.to_owned(),
            server: snapshot.version().to_string(),
            pg_dump: program.to_string(),
            properties: snapshot.properties().clone(),
            counts: snapshot.count_rows(|_, _| {}).unwrap(),
            materialized_views: snapshot.count_materialized_views().unwrap(),
            sequences: snapshot.sequences().unwrap(),
            large_objects: snapshot.large_objects(),
        };
        Self { dump, proof }
    }

    /// What restores it under `name`.
    pub(super) fn wanted<'a>(&self, server: &'a Server, name: &'a str) -> Wanted<'a> {
        Wanted {
            proof: Some(self.proof.clone()),
            ..wanted(server, name, &self.dump)
        }
    }
}

/// What restores a dump without a proof.
pub(super) fn wanted<'a>(server: &'a Server, name: &'a str, dump: &[u8]) -> Wanted<'a> {
    Wanted {
        server,
        maintenance: name,
        name: name.to_owned(),
        dump: Box::new(Cursor::new(dump.to_vec())),
        proof: None,
        replaced: Vec::new(),
        stamp: STAMP.to_owned(),
    }
}
