//! The tools that another tool's tests need: a set is made by `backup`, and by
//! nothing that only resembles it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::PoisonError;

/// The binary of the workspace's `tool` beside the one at `binary`, which Cargo
/// built for the tests that call this. Cargo builds the tools of one package
/// only: where it is not there, it is built.
pub fn sibling(binary: &str, tool: &str) -> PathBuf {
    static BUILDING: Mutex<()> = Mutex::new(());
    let path = Path::new(binary).with_file_name(tool);
    let _alone = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    if path.is_file() {
        return path;
    }
    let folder = path.parent().expect("a binary is in a folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let target = folder.parent().expect("a profile's folder is in another");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", tool, "--profile", profile])
        .arg("--target-dir")
        .arg(target)
        .current_dir(super::workspace())
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "`{tool}` cannot be built"
    );
    path
}
