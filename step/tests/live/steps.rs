//! The steps of a deployment, without a word of configuration.

use crate::project::{Project, alone};
use toolkit::testing::Compose;

fn deploys(compose: Compose, program: &str) {
    let _alone = alone();
    let project = Project::start(compose);
    let seen = project.step(&["drain"]);
    assert_eq!(seen.last()["status"], "skip", "nothing of it runs yet");

    assert_eq!(project.ran(&["build"]), format!("{program} … build"));
    assert_eq!(project.ran(&["up"]), format!("{program} … up -d"));
    assert_eq!(project.states(), ["running"; 4]);
    assert_eq!(project.version(), "one");

    project.release("two");
    project.step(&["build", "--no-cache"]);
    assert_eq!(project.ran(&["drain"]), format!("{program} … stop api"));
    assert_eq!(
        project.states(),
        ["exited", "running", "running", "running"]
    );
    let said = project.step(&["version", "--compose", "--", "config", "--services"]);
    let services = said.data()["lines"].to_string();
    assert!(services.contains(r#""api""#), "{services}");
    let database = project.inspect("postgres", "{{.Id}}");
    project.step(&["up"]);
    assert_eq!(project.states(), ["running"; 4]);
    assert_eq!(project.version(), "two");
    assert_eq!(project.inspect("postgres", "{{.Id}}"), database);
}

#[test]
fn a_project_of_compose_v2_is_deployed() {
    deploys(Compose::V2, "docker");
}

#[test]
fn a_project_of_compose_1_29_is_deployed() {
    deploys(Compose::V1, "docker-compose");
}
