//! Programs of this machine.

use std::env;
use std::path::PathBuf;

/// Where Debian keeps servers, which an ordinary user's PATH does not name.
const OF_SERVERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// A program, in PATH or where servers are kept. Fails when it is not installed.
pub fn program(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(OF_SERVERS.map(PathBuf::from));
    let mut files = folders.map(|folder| folder.join(name));
    files
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("`{name}` is not installed: scripts/dev/packages test"))
}
