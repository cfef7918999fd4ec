//! What an image is, by its name.

/// Words in the name of an image that goes with a server, but is none.
const COMPANIONS: &[&str] = &[
    "adapter",
    "admin",
    "adminer",
    "agent",
    "backup",
    "backups",
    "bouncer",
    "cli",
    "client",
    "commander",
    "dump",
    "exporter",
    "gui",
    "insight",
    "meta",
    "metrics",
    "migrate",
    "monitor",
    "operator",
    "pgadmin",
    "pgadmin4",
    "pgbouncer",
    "pgpool",
    "proxy",
    "redisinsight",
    "restore",
    "sentinel",
    "ui",
    "web",
];

/// The last component of an image's name, without its tag and digest:
/// `postgres-backup` of `ghcr.io/acme/postgres-backup:16`.
fn last(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or(image);
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split(':').next().unwrap_or(last)
}

fn words(image: &str) -> impl Iterator<Item = &str> {
    last(image).split(['-', '_', '.'])
}

/// Whether the image is called by one of these names, and is no build on it.
pub(super) fn is_called(image: &str, names: &[&str]) -> bool {
    names.contains(&last(image))
}

/// Whether the image is one of a server that goes by one of these names.
pub(super) fn is_one_of(image: &str, servers: &[&str]) -> bool {
    words(image).any(|word| servers.contains(&word)) && !is_companion(image)
}

/// Whether the image is an exporter, a console, a proxy or a backup tool.
pub(super) fn is_companion(image: &str) -> bool {
    words(image).any(|word| COMPANIONS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_at_the_last_component_alone() {
        for image in [
            "postgres",
            "postgres:17-alpine",
            "localhost:5000/postgres",
            "registry:5000/acme/postgres@sha256:0a",
            "sextant-dev/postgres:17",
            "supabase/postgres:15.1",
            "postgres-ssl:16",
        ] {
            assert!(is_one_of(image, &["postgres"]), "{image}");
        }
        for image in [
            "postgres/api",
            "postgrest/postgrest",
            "prodrigestivill/postgres-backup-local",
            "quay.io/prometheuscommunity/postgres-exporter:v0.15",
            "wrouesnel/postgres_exporter",
            "supabase/postgres-meta",
            "",
            ":",
            "/",
        ] {
            assert!(!is_one_of(image, &["postgres"]), "{image}");
        }
    }
}
