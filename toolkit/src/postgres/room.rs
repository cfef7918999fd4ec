//! How much room a server's files have.

use super::place::{Place, Server};
use super::session::Session;
use crate::signals;
use anyhow::Result;
use rustix::fs::statvfs;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The room on the file system of a server's data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The data directory, where the server runs.
    pub folder: PathBuf,
    /// What is free there, in bytes.
    pub free: u64,
}

impl Room {
    /// That of the server that `session` is connected to, without its other
    /// tablespaces. None where it cannot be learned: for a role that may not
    /// read `data_directory`, for a server on another machine.
    ///
    /// # Errors
    /// `interrupted`.
    pub fn of(session: &mut Session) -> Result<Option<Self>> {
        let room = look(session);
        signals::check()?;
        Ok(room)
    }
}

fn look(session: &mut Session) -> Option<Room> {
    // `SHOW` would put a refusal into the server's log; this has no row then.
    let sql = "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'";
    let folder = PathBuf::from(session.value(sql).ok()??);
    let server = session.server().clone();
    let free = match &server.place {
        Place::Container { .. } => free_in_container(&server, &folder)?,
        Place::Direct(_) => {
            let identifier = "SELECT system_identifier FROM pg_catalog.pg_control_system()";
            let identifier = session.number(identifier).ok()?;
            if identifier_in(&folder)? != identifier {
                return None;
            }
            let room = statvfs(&folder).ok()?;
            room.f_bavail.saturating_mul(room.f_frsize)
        }
    };
    Some(Room { folder, free })
}

/// A folder of the same path may be here too, of another server: what a
/// forwarded port leads to is nobody's guess. Each cluster has a number of its
/// own, the first thing in this file (`ControlFileData` in `pg_control.h`).
fn identifier_in(folder: &Path) -> Option<u64> {
    let mut bytes = [0; 8];
    let mut file = File::open(folder.join("global/pg_control")).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(u64::from_ne_bytes(bytes))
}

fn free_in_container(server: &Server, folder: &Path) -> Option<u64> {
    let df = server.run(&[], "df", "").args(["-P", "-k"]).arg(folder);
    available(&String::from_utf8_lossy(&df.read().ok()?))
}

/// The fourth column of what POSIX has `df -P -k` write, in bytes: a device
/// may have spaces in its name.
fn available(text: &str) -> Option<u64> {
    let words: Vec<_> = text.lines().nth(1)?.split_whitespace().collect();
    words.windows(4).find_map(|columns| {
        let [size, used, free, capacity] = columns else {
            return None;
        };
        let _ = (size.parse::<u64>().ok()?, used.parse::<u64>().ok()?);
        let _ = capacity.strip_suffix('%')?;
        free.parse::<u64>().ok()?.checked_mul(1024)
    })
}

#[cfg(test)]
mod tests {
    use super::available;

    #[test]
    fn reads_what_df_writes() {
        let df = |line: &str| {
            available(&format!(
                "Filesystem 1024-blocks Used Available Capacity Mounted on\n{line}\n"
            ))
        };
        assert_eq!(
            df("/dev/vda 263174212 52428800 44040192 55% /var/lib/postgresql/data"),
            Some(44_040_192 << 10)
        );
        assert_eq!(
            df("//nas/my disk 1 100 60 40 60% /mnt/1 2 3 4%"),
            Some(40 << 10)
        );
        assert_eq!(df("none - - - - /proc"), None);
        assert_eq!(available("df: /x: No such file or directory\n"), None);
    }
}
