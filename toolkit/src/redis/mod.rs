//! Redis: asked, dumped over the wire, verified, and given its data back.
//!
//! ```no_run
//! use toolkit::redis::{self, Server, rdb};
//! # fn main() -> anyhow::Result<()> {
//! let server = Server::from_url("redis://app:secret@127.0.0.1:6379")?;
//! let mut file = std::fs::File::create("redis.rdb")?;
//! redis::dump(&server, &mut file)?;
//! let saved = rdb::inspect(std::fs::File::open("redis.rdb")?)?;
//! println!("{:?}", saved.databases);
//! # Ok(())
//! # }
//! ```

mod keys;
mod link;
mod owner;
pub mod rdb;
mod replace;
mod scratch;
mod server;
mod sync;
mod tls;
mod wire;

pub use keys::{Keys, Keyspace, difference};
pub use link::{Info, Link};
pub use replace::{Persisted, Place, Prepared, Replaced, prepare, repair, replace};
pub use scratch::{Module, Scratch, modules};
pub use server::Server;
pub use sync::dump;
pub use tls::Tls;
