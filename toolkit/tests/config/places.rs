//! Which files are read, and what the project is called.

use crate::case::Case;

#[test]
fn the_file_is_named_or_the_nearest_upwards() {
    let case = Case::of("project = 'above'")
        .file("app/src/x", "")
        .file("named.toml", "project = 'named'")
        .file("flag.toml", "project = 'flag'")
        .within("app/src");
    let config = case.load();
    assert_eq!(config.project(), "above");
    assert_eq!(config.root.join(""), case.path(""));
    let case = case.var("SEXTANT_CONFIG", "../../named.toml");
    assert_eq!(case.load().project(), "named");
    let case = case.config("flag.toml");
    assert_eq!(case.load().project(), "flag");
    let (message, _) = case.config("missing.toml").refused();
    let begins = "cannot read `missing.toml`: No such file";
    assert!(message.starts_with(begins), "{message}");
}

#[test]
fn without_a_file_everything_is_default() {
    let case = Case::new().file("My App/.env", "A=1\nB=2\n");
    let case = case.var("B", "").within("My App");
    let config = case.load();
    assert_eq!(config.path, None);
    assert_eq!(config.root, case.path("My App"));
    assert_eq!(config.project(), "myapp");
    assert_eq!(config.var("A").as_deref(), Some("1"));
    let set = config.var("B");
    assert_eq!(set.as_deref(), Some(""), "the environment counts");
    assert_eq!(config.var("C"), None);
}

#[test]
fn the_project_is_named_by_compose_before_the_folder() {
    let case = Case::new().file("app/.env", "COMPOSE_PROJECT_NAME=From.Dotenv\n");
    let case = case.within("app");
    assert_eq!(case.load().project(), "fromdotenv");
    let case = case.var("COMPOSE_PROJECT_NAME", "given");
    assert_eq!(case.load().project(), "given");
    let case = case.var("COMPOSE_PROJECT_NAME", "");
    assert_eq!(case.load().project(), "app", "an empty name is none");
}

#[test]
fn a_folder_without_a_name_still_has_a_project() {
    let case = Case::new().file("-_-/x", "").within("-_-");
    assert_eq!(case.load().project(), "default");
}

#[test]
fn dotenv_is_beside_the_compose_file() {
    let case = Case::of("compose = '${WHERE:-deploy}/docker-compose.yml'")
        .file(".env", "A=root\n")
        .file("deploy/.env", "A=deploy\n");
    let config = case.load();
    assert_eq!(config.var("A").as_deref(), Some("deploy"));
    assert_eq!(config.project(), "deploy");
}

#[test]
fn other_files_of_variables_are_read_in_turn() {
    let case = Case::of("env_file = ['a.env', 'b.env']")
        .file(".env", "A=root\n")
        .file("a.env", "A=1\nB=1\n")
        .file("b.env", "B=2$A\n");
    let config = case.load();
    assert_eq!(config.var("A").as_deref(), Some("1"));
    assert_eq!(config.var("B").as_deref(), Some("21"));
    let (message, _) = Case::of("env_file = '.env.production'").refused();
    let begins = "cannot read `.env.production`: No such file";
    assert!(message.starts_with(begins), "{message}");
}

#[test]
fn a_bad_line_of_dotenv_is_named() {
    let (message, _) = Case::new().file(".env", "A=1\nB C=2\n").refused();
    assert_eq!(message, ".env:2: a name holds a space");
    let python_environment = Case::new().file(".env/bin/python", "");
    python_environment.load();
}
