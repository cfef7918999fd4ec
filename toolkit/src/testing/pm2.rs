//! A PM2 that tests can call.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::process::Command;

/// PATH with a PM2 in it: this machine's, else one installed for the tests.
pub fn path_with_pm2() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join("pm2").is_file()) {
        return path;
    }
    let folder = super::workspace().join("target/pm2");
    let programs = folder.join("node_modules/.bin");
    if !programs.join("pm2").is_file() {
        fs::create_dir_all(&folder).expect("it can be made");
        let install = [
            "install",
            "--no-audit",
            "--no-fund",
            "--prefix",
            ".",
            "pm2@7",
        ];
        let npm = Command::new("npm")
            .args(install)
            .current_dir(&folder)
            .output();
        assert!(
            npm.as_ref().is_ok_and(|npm| npm.status.success()),
            "{npm:?}"
        );
    }
    let all = [programs].into_iter().chain(env::split_paths(&path));
    env::join_paths(all).expect("it can be made")
}
