//! What is judged of a Redis.

use super::*;
use crate::Amount;
use crate::report::Level;

/// A server that says this, one `name:value` a word.
fn seen(info: &str) -> Seen {
    let fields = info.split_whitespace();
    let fields = fields.filter_map(|field| field.split_once(':'));
    Seen {
        info: fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        now: 1_000_000.0,
        keys: 7.0,
        ..Seen::default()
    }
}

fn reasons(info: &str, wanted: &Redis) -> Vec<(Level, &'static str)> {
    let faults = of(&seen(info), wanted).faults;
    faults
        .into_iter()
        .map(|fault| (fault.level, fault.reason))
        .collect()
}

fn fail(reason: &'static str) -> Vec<(Level, &'static str)> {
    vec![(Level::Fail, reason)]
}

#[test]
fn what_it_says_itself_is_always_heard() {
    let any = Redis::default();
    assert_eq!(reasons("role:master", &any), []);
    for (info, reason) in [
        ("rdb_last_bgsave_status:err", "redis_save"),
        ("aof_last_write_status:err", "redis_aof"),
        ("aof_last_bgrewrite_status:err", "redis_aof"),
        ("loading:1", "redis_loading"),
        ("role:slave master_link_status:down", "redis_link_down"),
        ("maxmemory:100 used_memory:95", "redis_memory"),
    ] {
        assert_eq!(reasons(info, &any), fail(reason), "{info}");
    }
    assert_eq!(reasons("maxmemory:0 used_memory:95", &any), []);
    let cluster = Seen {
        cluster: Some("fail".into()),
        ..seen("")
    };
    assert_eq!(of(&cluster, &any).faults[0].reason, "redis_cluster");
}

#[test]
fn a_file_is_old_only_where_keys_have_changed() {
    let wanted = Redis {
        saved: Limits::new(60.0, 600.0),
        ..Redis::default()
    };
    let since = |changes, saved| {
        let info = format!("rdb_changes_since_last_save:{changes} rdb_last_save_time:{saved}");
        reasons(&info, &wanted)
    };
    assert_eq!(since(0, 0), []);
    assert_eq!(since(5, 999_941), []);
    assert_eq!(since(5, 999_940), [(Level::Warn, "redis_unsaved")]);
    assert_eq!(since(5, 0), fail("redis_unsaved"));
}

#[test]
fn replicas_are_counted_while_they_are_online() {
    let wanted = Redis {
        replicas: Some(Amount {
            min: Some(2.0),
            max: None,
        }),
        ..Redis::default()
    };
    let online = "slave0:ip=a,port=1,state=online,offset=5,lag=0";
    let other = "slave1:ip=b,port=1,state=online,offset=5,lag=4";
    let joining = "slave1:ip=b,port=1,state=wait_bgsave,offset=0,lag=0";
    let both = format!("role:master {online} {other} slave_repl_offset:9");
    assert_eq!(reasons(&both, &wanted), []);
    assert_eq!(
        reasons(&format!("{online} {joining}"), &wanted),
        fail("redis_replicas")
    );
    let lag = Redis {
        replication_lag: Limits::new(4.0, 30.0),
        ..Redis::default()
    };
    assert_eq!(reasons(&both, &lag), [(Level::Warn, "redis_lag")]);
    assert_eq!(reasons(online, &lag), []);
    assert_eq!(reasons("role:master", &lag), fail("redis_replicas"));
    let behind = "role:slave master_link_status:up master_last_io_seconds_ago:30";
    assert_eq!(reasons(behind, &lag), fail("redis_lag"));
}

#[test]
fn what_was_asked_for_and_is_not_known_is_wrong() {
    let memory = Redis {
        memory: Some(Limits::new(50.0, 60.0)),
        ..Redis::default()
    };
    assert_eq!(reasons("maxmemory:0", &memory), fail("redis_no_maxmemory"));
    let cluster = Redis {
        cluster: Some(true),
        ..Redis::default()
    };
    assert_eq!(reasons("", &cluster), fail("redis_cluster"));
    let aof = Redis {
        aof: Some(true),
        ..Redis::default()
    };
    assert_eq!(reasons("aof_enabled:0", &aof), fail("redis_aof"));
    assert_eq!(reasons("aof_enabled:1", &aof), []);
}
