//! Dumps that create their database, as `pg_dump --create` writes them.

use super::place::{Place, Postgres, unique};
use super::round_trip::{picture, same};
use super::saved::wanted;
use crate::database::{in_place, stage};
use toolkit::failure::Failure;
use toolkit::postgres::quote;

/// A database of this name, with properties of its own.
fn create(postgres: &Postgres, name: &str) {
    let role = unique("role_");
    let quoted = quote::identifier(name);
    postgres.run("postgres", &format!("CREATE DATABASE {quoted}"));
    postgres.run(
        name,
        &format!(
            "CREATE TABLE public.t AS SELECT i FROM generate_series(1, 1000) AS i;
             CREATE ROLE {role};
             ALTER TABLE public.t OWNER TO {role};
             ALTER DATABASE {quoted} OWNER TO {role};
             REVOKE CONNECT, TEMPORARY ON DATABASE {quoted} FROM PUBLIC;
             GRANT CREATE ON DATABASE {quoted} TO {role} WITH GRANT OPTION;
             ALTER DATABASE {quoted} SET work_mem = '7MB';
             ALTER ROLE {role} IN DATABASE {quoted} SET statement_timeout = '3s';
             ALTER DATABASE {quoted} CONNECTION LIMIT 42;
             ALTER DATABASE {quoted} IS_TEMPLATE true;
             COMMENT ON DATABASE {quoted} IS 'it''s mine';"
        ),
    );
}

fn comes_back(place: Place) {
    let postgres = Postgres::shared(place);
    for (name, args) in [
        ("plain_", &["--create"][..]),
        ("Quoted_", &["--clean", "--create"]),
        ("My \"shop' é = \\", &["--clean", "--if-exists", "--create"]),
    ] {
        let name = unique(name);
        create(&postgres, &name);
        let before = picture(&postgres, &name);
        let dump = postgres.dump(&name, args);
        // A name that needs no quotes has none in the dump.
        let quoted = quote::identifier(&name);
        let names = [quoted, name.clone()].map(|name| format!("CREATE DATABASE {name} "));
        let text = String::from_utf8_lossy(&dump);
        assert!(names.iter().any(|words| text.contains(words)), "{text}");

        postgres.run(&name, "DELETE FROM public.t");
        let staged = stage(wanted(&postgres.server, &name, &dump)).unwrap();
        let swapped = staged.swap(false).unwrap();
        assert_eq!(swapped.verified.rows, 1000);
        let warnings = swapped.verified.warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        same(&picture(&postgres, &name), &before);
        assert_eq!(postgres.databases(&name), [name.as_str()]);

        postgres.run(&name, "DELETE FROM public.t");
        in_place(wanted(&postgres.server, &name, &dump)).unwrap();
        same(&picture(&postgres, &name), &before);

        // Under another name it is another database: the one of the dump's
        // name is not touched.
        let copy = unique("copy_");
        let staged = stage(wanted(&postgres.server, &copy, &dump)).unwrap();
        staged.swap(false).unwrap();
        assert_eq!(postgres.ask(&copy, "SELECT count(*) FROM public.t"), "1000");
        same(&picture(&postgres, &name), &before);
    }
}

#[test]
fn a_dump_that_creates_its_database_comes_back_from_15() {
    comes_back(Place::Container(15));
}

#[test]
fn a_dump_that_creates_its_database_comes_back_from_17() {
    comes_back(Place::Container(17));
}

#[test]
fn the_dump_of_a_whole_server_is_refused() {
    for place in [Place::Container(15), Place::Container(17)] {
        let postgres = Postgres::start(place);
        let name = unique("one_");
        create(&postgres, &name);
        let before = picture(&postgres, &name);
        for args in [&[][..], &["--clean"]] {
            let dumpall = postgres.server.program("pg_dumpall", "postgres");
            let dump = dumpall.args(args.iter().copied()).read().unwrap();
            let wanted = || wanted(&postgres.server, &name, &dump);
            for error in [
                stage(wanted()).unwrap_err(),
                in_place(wanted()).unwrap_err(),
            ] {
                let failure = Failure::of(&error);
                assert_eq!(failure.reason, "cluster_dump", "{}", failure.message);
                assert!(failure.hint.unwrap().contains("a server of its own"));
            }
        }
        same(&picture(&postgres, &name), &before);
        assert_eq!(postgres.databases(&name), [name.as_str()]);
    }
}
