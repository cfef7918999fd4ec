//! The example of ORCHESTR'A, on an application like it: well, and with each of
//! its parts broken.

#![allow(clippy::unwrap_used, clippy::expect_used)] // All of it is tests.

use std::fs;
use toolkit::testing::{Seen, Stack};

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");

/// The API, the frontend and Nginx: each answers with what `./app/NAME` holds.
const SERVICES: &str = "\
x-server: &server
  image: sextant-dev/api:latest
  command: ['python3', '/app.py']
  healthcheck: { disable: true }
  stop_grace_period: 0s
  volumes: ['./app.py:/app.py:ro', './app:/answers:ro']
  ports: ['127.0.0.1::80']
services:
  api: { <<: *server, environment: { NAME: api } }
  web: { <<: *server, environment: { NAME: web } }
  nginx: { <<: *server, environment: { NAME: nginx } }
";
const SERVER: &str = "\
import http.server, os
name = os.environ['NAME']
class Handler(http.server.BaseHTTPRequestHandler):
    server_version, sys_version = name + '/1.29.3', ''
    def do_GET(self):
        body = open('/answers/' + name, 'rb').read()
        self.send_response(200)
        self.send_header('X-RateLimit-Limit', '100')
        self.send_header('x-nextjs-cache', 'HIT')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(('', 80), Handler).serve_forever()
";
const WELL: &str = r#"{"status":"ok","timestamp":"2025-11-20T10:30:19.772Z","uptime":1001.6}"#;
const VARIABLES: &str = "\
DATABASE_PASSWORD=6f0c91d2ab47e835f0c91d2ab47e8351
REDIS_PASSWORD=b47e8351f0c96d2a6f0c91d2ab47e835
NODE_ENV=production
SWAGGER_ENABLED=false
CORS_ORIGIN=http://localhost:3000
";
/// The checks that say nothing of this machine or of Docker's names.
const CHECKS: [&str; 6] = [
    "api health",
    "frontend",
    "nginx",
    "data",
    "variables",
    "JWT secret",
];

struct Orchestra(Stack);

impl Orchestra {
    fn start() -> Self {
        let it = Self(Stack::start());
        it.write("app.py", SERVER);
        for name in ["api", "web", "nginx"] {
            it.write(&format!("app/{name}"), WELL);
        }
        it.write("compose.override.yaml", SERVICES);
        it.variables(&"5be1c07d93fa4826".repeat(8));
        it.0.compose(&["up", "-d"]);
        it.configure();
        let tables = "users projects tasks epics milestones departments services skills leaves \
            telework_schedules time_entries comments documents project_members user_services \
            user_skills task_dependencies task_raci _prisma_migrations";
        for table in tables.split(' ') {
            it.sql(&format!("CREATE TABLE {table} AS SELECT 1 AS id"));
        }
        it
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.0.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        toolkit::durable::write(&path, content.as_bytes()).unwrap();
    }

    fn variables(&self, secret: &str) {
        self.write(
            ".env.production",
            &format!("{VARIABLES}JWT_SECRET={secret}\n"),
        );
    }

    /// The example, with this stack's files and ports in place of its own.
    fn configure(&self) {
        let mut toml = include_str!("../../examples/orchestra/sextant.toml").to_owned();
        let ours = "compose = [\"compose.yaml\", \"compose.override.yaml\"]";
        let files = "env_file = [\".env\", \".env.production\"]";
        let mut replaced = vec![
            ("compose = \"docker-compose.prod.yml\"", ours.to_owned()),
            ("env_file = \".env.production\"", files.to_owned()),
        ];
        for (name, written) in [
            ("api", "localhost:3001/"),
            ("web", "localhost:3000/"),
            ("nginx", "localhost/"),
        ] {
            let port = self.0.compose(&["port", name, "80"]);
            replaced.push((written, format!("{port}/")));
        }
        for (written, ours) in replaced {
            assert!(toml.contains(written), "{written}");
            toml = toml.replace(written, &ours);
        }
        self.write("sextant.toml", &toml);
    }

    fn sql(&self, statement: &str) {
        self.0.sql("shop", statement);
    }

    /// Every check that is not well, and why.
    fn told(&self) -> Vec<String> {
        let mut command = self.0.tool(HEALTHCHECK);
        let seen = Seen::run(command.args(CHECKS).arg("--no-alert"));
        let checks = seen.data()["checks"].as_array().expect(&seen.stderr);
        let bad = checks.iter().filter(|check| check["status"] != "ok");
        let words = |check: &serde_json::Value| {
            let word = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
            ["name", "status", "reason"].map(word).join(" ")
        };
        bad.map(words)
            .map(|told| told.trim_end().to_owned())
            .collect()
    }
}

#[test]
fn each_part_is_told_when_it_is_broken() {
    let it = Orchestra::start();
    toolkit::testing::until("all is well", || it.told().is_empty());

    it.write("app/api", &WELL.replace("ok", "degraded"));
    assert_eq!(it.told(), ["api health fail jq_false"]);
    it.write("app/api", WELL);

    it.sql("ALTER TABLE task_raci RENAME TO gone");
    assert_eq!(it.told(), ["data fail pg_no_table"]);
    it.sql("ALTER TABLE gone RENAME TO task_raci");
    it.sql("DELETE FROM users");
    assert_eq!(it.told(), ["data fail pg_count"]);
    it.sql("INSERT INTO users VALUES (1)");

    it.variables("changeme");
    let weak = ["variables fail env_unset", "JWT secret fail env_unset"];
    assert_eq!(it.told(), weak);
    it.variables(&"5be1c07d93fa4826".repeat(4));
    assert_eq!(it.told(), ["JWT secret fail env_weak"]);
    it.variables(&"5be1c07d93fa4826".repeat(8));

    it.0.compose(&["stop", "web"]);
    let stopped = ["container:web fail container_failed", "frontend skip"];
    assert_eq!(it.told(), stopped);
    it.0.compose(&["start", "web"]);
    it.configure();
    toolkit::testing::until("all is well again", || it.told().is_empty());
}
