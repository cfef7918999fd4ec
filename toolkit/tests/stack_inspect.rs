//! Containers as `docker inspect` described real ones: the same three services,
//! created by either generation of Compose, the third of them stopped.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::path::Path;
use toolkit::redact;
use toolkit::stack::{Container, PostgresAt, RedisAt};

const RECORDED: [&str; 2] = ["inspect-compose-2.26.json", "inspect-compose-1.29.json"];

fn recorded(name: &str) -> Vec<u8> {
    fs::read(Path::new("tests/fixtures").join(name)).unwrap()
}

#[test]
fn both_generations_describe_the_same_services() {
    for name in RECORDED {
        let containers = Container::parse(&recorded(name)).unwrap();
        let services: Vec<_> = containers
            .iter()
            .map(|container| container.service.as_str())
            .collect();
        assert_eq!(services, ["postgres", "redis", "api"], "{name}");

        let postgres = &containers[0];
        assert_eq!(postgres.name, "shop-postgres-prod");
        assert_eq!(postgres.project, "shop");
        assert_eq!(postgres.image, "sextant-dev/postgres:17");
        assert!(postgres.image_id.starts_with("sha256:"));
        assert!(postgres.running);
        assert_eq!(postgres.health.as_deref(), Some("healthy"));
        assert_eq!(postgres.command, ["docker-entrypoint.sh", "postgres"]);
        assert_eq!(postgres.memory_limit, Some(256 << 20));
        assert_eq!(postgres.user, None);
        assert_eq!(postgres.addresses.len(), 1, "{name}");
        assert_eq!(postgres.published.len(), 1, "{name}");
        assert_eq!(postgres.published[0].container_port, 5432);
        assert_eq!(postgres.published[0].host.to_string(), "127.0.0.1:55432");

        let api = &containers[2];
        assert!(!api.running);
        assert_eq!(api.state, "exited");
        assert_eq!(api.health, None);
        assert_eq!(api.memory_limit, None);
    }
}

#[test]
fn tells_how_to_enter_and_masks_the_passwords() {
    for name in RECORDED {
        let containers = Container::parse(&recorded(name)).unwrap();
        let postgres = PostgresAt::of(&containers[0]).unwrap();
        assert_eq!(
            (postgres.user.as_str(), postgres.database.as_str()),
            ("app", "shop")
        );
        assert_eq!(postgres.password.as_deref(), Some("albatross-17"));

        let redis = RedisAt::of(&containers[1], &[]).unwrap();
        assert_eq!(redis.password.as_deref(), Some("cormorant-6"));
        let direct = containers[1].addresses[0];
        let expected = [
            format!("{direct}:6379"),
            "127.0.0.1:56379".into(),
            "[::1]:56379".into(),
        ];
        let addresses: Vec<_> = redis.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, expected, "{name}");

        assert_eq!(redact::text("albatross-17 cormorant-6"), "*** ***");
    }
}

#[test]
fn what_is_no_list_of_objects_is_an_error() {
    for bytes in [&b""[..], b"{}", b"[", b"\xff", b"null"] {
        assert!(Container::parse(bytes).is_err(), "{bytes:?}");
    }
    assert_eq!(
        Container::parse(b"[null, 1, [], {}, {\"Id\": 5}]").unwrap(),
        []
    );
}

#[test]
fn an_odd_field_does_not_cost_the_others() {
    let odd = br#"[{"Id": "a", "Name": null, "State": [], "Config": {"Env": ["A", "B=c=d", 5], "Labels": 3},
        "HostConfig": {"Memory": -1}, "NetworkSettings": {"Ports": {"x/tcp": [{}], "80/udp": [{"HostIp": "::", "HostPort": "1"}],
        "80/tcp": [{"HostIp": "nowhere", "HostPort": "99999"}, null]}, "Networks": {"n": {"IPAddress": "1.2.3"}}}}]"#;
    let container = Container::parse(odd).unwrap().remove(0);
    assert_eq!(container.id, "a");
    assert_eq!(container.env["B"], "c=d");
    assert_eq!(container.env["A"], "");
    assert!(container.published.is_empty() && container.addresses.is_empty());
    assert!(!container.running);
}

/// Any JSON, with the names that the reader looks for among its keys.
fn json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![any::<String>(), "[0-9a-z:./$={}()'\" -]{0,40}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![
            any::<String>(),
            "80/tcp",
            "IPAddress",
            "HostIp",
            "HostPort",
            "Status",
            "REDIS_ARGS"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Every place in a recorded container.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    if let Value::Object(fields) = value {
        for (name, inner) in fields {
            let name = name.replace('~', "~0").replace('/', "~1");
            places(inner, &format!("{at}/{name}"), all);
        }
    } else if let Value::Array(items) = value {
        for (index, inner) in items.iter().enumerate() {
            places(inner, &format!("{at}/{index}"), all);
        }
    }
}

proptest! {
    #[test]
    fn nothing_that_docker_could_write_panics(
        name in prop::sample::select(RECORDED.as_slice()),
        place in any::<prop::sample::Index>(),
        hostile in json(),
    ) {
        let mut value: Value = serde_json::from_slice(&recorded(name)).unwrap();
        let mut all: Vec<String> = Vec::new();
        places(&value, "", &mut all);
        let place: &String = place.get(&all);
        *value.pointer_mut(place).unwrap() = hostile;
        for mut container in Container::parse(value.to_string().as_bytes()).unwrap_or_default() {
            // What is read inside a container is not what this is about.
            container.running = false;
            container.env.retain(|name, _| !name.ends_with("_FILE"));
            PostgresAt::of(&container).unwrap();
            RedisAt::of(&container, &[]).unwrap();
        }
    }
}

#[test]
fn a_volume_goes_by_its_name_and_a_folder_by_its_path() {
    let bytes = br#"[{"Id":"0a","Mounts":[
        {"Type":"volume","Name":"shop_data","Source":"/var/lib/docker/volumes/shop_data/_data","Destination":"/data"},
        {"Type":"bind","Source":"/srv/shop/init","Destination":"/init"},
        {"Type":"tmpfs","Source":"","Destination":"/run"}]},{"Id":"0b","Mounts":null}]"#;
    let containers = Container::parse(bytes).unwrap();
    let mounts = containers[0].mounts.iter();
    let mounts: Vec<_> = mounts
        .map(|(at, what)| (at.as_str(), what.as_str()))
        .collect();
    let expected = [("/data", "shop_data"), ("/init", "/srv/shop/init")];
    assert_eq!(mounts, expected);
    assert!(containers[1].mounts.is_empty());
}
