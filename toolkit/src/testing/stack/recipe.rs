//! What a stack is made of, and the folder that it is started from.

use crate::testing::place::write;
use std::path::Path;

/// Which Compose starts a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compose {
    /// `docker compose`.
    V2,
    /// `docker-compose` 1.29.
    V1,
}

impl Compose {
    /// The words that call it.
    pub(super) fn program(self) -> &'static [&'static str] {
        match self {
            Self::V2 => &["docker", "compose"],
            Self::V1 => &["docker-compose"],
        }
    }

    /// What its users call their file.
    fn file(self) -> &'static str {
        match self {
            Self::V2 => "compose.yaml",
            Self::V1 => "docker-compose.yml",
        }
    }
}

/// What a stack is made of.
#[derive(Debug, Clone, Copy)]
pub struct Recipe<'a> {
    /// Which Compose starts it.
    pub compose: Compose,
    /// The tag of PostgreSQL's image: `17` or `15`.
    pub postgres: &'a str,
    /// The tag of Redis's image: `8` or `7`.
    pub redis: &'a str,
    /// The content of `sextant.toml`; there is none when it is empty.
    pub config: &'a str,
    /// What `mount` is told of PostgreSQL's own file system in memory, such as
    /// `size=200m`; it is on the disk when it is empty.
    pub memory: &'a str,
}

impl Default for Recipe<'_> {
    fn default() -> Self {
        Self {
            compose: Compose::V2,
            postgres: "17",
            redis: "8",
            config: "",
            memory: "",
        }
    }
}

/// The secrets of `.env`: new ones for each stack.
#[derive(Debug)]
pub(super) struct Secrets {
    pub(super) database: String,
    pub(super) redis: String,
    pub(super) jwt: String,
}

impl Secrets {
    pub(super) fn new() -> Self {
        // Characters that are written differently in a URL and in base64.
        let secret = |of: &str| format!("{of}/+@={}", ulid::Ulid::generate());
        Self {
            database: secret("db"),
            redis: secret("cache"),
            jwt: secret("jwt"),
        }
    }
}

impl Recipe<'_> {
    /// Writes the application's folder.
    pub(super) fn write(&self, folder: &Path, secrets: &Secrets) {
        let file = |name: &str, content: &str| write(&folder.join(name), content);
        let Secrets {
            database,
            redis,
            jwt,
        } = secrets;
        file(self.compose.file(), &self.compose_file());
        file(
            ".env",
            &format!("DB_PASSWORD='{database}'\nREDIS_PASSWORD='{redis}'\nJWT_SECRET='{jwt}'\n"),
        );
        file("config/app.yml", "locale: fr\n");
        file("uploads/logo.svg", "<svg/>\n");
        file("uploads/2026/facture n° 1.pdf", &"%PDF-1.7 é\n".repeat(500));
        let linked = std::os::unix::fs::symlink("2026", folder.join("uploads/latest"));
        linked.expect("a link can be made");
        if !self.config.is_empty() {
            file("sextant.toml", self.config);
        }
    }

    /// As such teams write it, but for two things that only cost time here: a
    /// sync of every commit, and the five seconds in which Redis waits for
    /// further replicas before it sends a dump.
    fn compose_file(&self) -> String {
        let (postgres, redis) = (self.postgres, self.redis);
        let memory = if self.memory.is_empty() {
            String::new()
        } else {
            let options = self.memory;
            format!("\n    driver_opts: {{type: tmpfs, device: tmpfs, o: '{options}'}}")
        };
        format!(
            "version: '3.8'
services:
  postgres:
    image: sextant-dev/postgres:{postgres}
    command: postgres -c fsync=off
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD: ${{DB_PASSWORD}}
      POSTGRES_DB: shop
    volumes: ['data:/var/lib/postgresql/data']
  redis:
    image: sextant-dev/redis:{redis}
    command: redis-server --appendonly yes --requirepass ${{REDIS_PASSWORD}} --repl-diskless-sync-delay 0
    volumes: ['cache:/data']
volumes:
  data:{memory}
  cache:
"
        )
    }
}
