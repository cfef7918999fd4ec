//! An application that a real PM2 runs.

use std::process::Command;
use toolkit::testing::{Place, Seen, free_port, path_with_pm2, sibling};

const SERVER: &str = "const { readFileSync } = require('fs');
const release = readFileSync(__dirname + '/release', 'utf8').trim();
if (release === 'v3') process.exit(1);
require('http').createServer((_, answer) => answer.end(release)).listen(+process.env.PORT, '127.0.0.1');
";

const DEPLOYMENT: &str = r#"
rollback --prepare </dev/null | step checkout -- git checkout --quiet "$1" \
  | step reload -- pm2 --silent startOrReload --update-env ecosystem.config.js \
  | healthcheck --no-alert --wait 20s serves | rollback --if failure --force | rollback --record
"#;

struct Application {
    place: Place,
    port: u16,
}

impl Application {
    fn new() -> Self {
        let application = Self {
            place: Place::new(),
            port: free_port(),
        };
        let port = application.port;
        let place = &application.place;
        place.write("server.js", SERVER);
        let ecosystem = format!(
            "module.exports = {{ apps: [{{ name: 'app', script: './server.js', cwd: __dirname, max_restarts: 2, env: {{ PORT: {port} }} }}] }};\n"
        );
        place.write("ecosystem.config.js", ecosystem);
        let sextant = format!(
            "engine = 'pm2'\n[[check]]\nname = 'serves'\nkind = 'http'\nurl = 'http://127.0.0.1:{port}/'\nstatus = 200\n"
        );
        place.write("sextant.toml", sextant);
        application.said("git init --quiet");
        for version in ["v1", "v2", "v3"] {
            place.write("release", version);
            application.said(
                "git add --all; git -c user.name=a -c user.email=a@b commit --quiet -m release",
            );
            application.said(&format!("git tag {version}"));
        }
        application.said("git checkout --quiet v1; pm2 --silent start ecosystem.config.js");
        application
    }

    fn shell(&self, line: &str, args: &[&str]) -> Command {
        let own = std::path::PathBuf::from(env!("CARGO_BIN_EXE_rollback"));
        for tool in ["healthcheck", "step"] {
            sibling(env!("CARGO_BIN_EXE_rollback"), tool);
        }
        let pm2 = path_with_pm2();
        let path = format!("{}:{}", own.parent().unwrap().display(), pm2.display());
        let mut command = self.place.tool("bash");
        command
            .env("PATH", path)
            .env("PM2_HOME", self.place.state().with_file_name("pm2"))
            .args(["-c", line, "bash"])
            .args(args);
        command
    }

    fn said(&self, line: &str) -> String {
        let output = self.shell(line, &[]).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn answer(&self) -> String {
        self.said(&format!(
            "curl --silent --retry 40 --retry-delay 1 --retry-connrefused http://127.0.0.1:{}/",
            self.port
        ))
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.shell("pm2 kill", &[]).output();
    }
}

#[test]
fn a_release_is_a_commit() {
    let application = Application::new();
    assert_eq!(application.answer(), "v1");
    let good = Seen::run(&mut application.shell(DEPLOYMENT, &["v2"]));
    assert_eq!(good.code, Some(0), "{}", good.stderr);
    assert_eq!(application.answer(), "v2");
    let failed = Seen::run(&mut application.shell(DEPLOYMENT, &["v3"]));
    assert_eq!(failed.code, Some(3), "{}", failed.stderr);
    assert_eq!(application.answer(), "v2");
    let back = Seen::run(&mut application.shell("rollback --force v1", &[]));
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    assert_eq!(application.answer(), "v1");
    assert!(application.said("git describe --tags").starts_with("v1"));
}
