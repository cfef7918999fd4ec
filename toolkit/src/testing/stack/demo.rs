//! The demo application: an API with its PostgreSQL and its Redis.

use super::Project;
use crate::testing::workspace;
use std::fs;
use std::ops::Deref;

/// The application of `scripts/dev/stack`, in a project of its own.
#[derive(Debug)]
pub struct Demo(Project);

impl Demo {
    /// Starts it, and waits until it is healthy.
    pub fn start() -> Self {
        let project = Project::new();
        let stack = workspace().join("scripts/dev/stack");
        let read = |name| fs::read_to_string(stack.join(name)).expect("the demo is there");
        project.write("compose.yaml", &read("compose.yaml"));
        let named = format!("COMPOSE_PROJECT_NAME={}", project.name());
        let env = read(".env").replace("COMPOSE_PROJECT_NAME=orchestr-a", &named);
        project.write(".env", &env);
        fs::create_dir(project.folder().join("uploads")).expect("a folder can be made");
        project.compose(&["up", "--detach", "--wait", "--wait-timeout", "300"]);
        Self(project)
    }

    /// Where its API is: `host:port`.
    pub fn api(&self) -> String {
        self.compose(&["port", "api", "4000"])
    }

    /// Runs `sql` in its database; the rows, unaligned.
    pub fn sql(&self, sql: &str) -> String {
        let psql = ["exec", "-T", "postgres", "psql", "-U", "orchestr_a", "-qAt"];
        self.compose(&[&psql[..], &["-c", sql]].concat())
    }
}

impl Deref for Demo {
    type Target = Project;

    fn deref(&self) -> &Project {
        &self.0
    }
}
