//! TLS with whoever answers, judged afterwards.
//!
//! A client that verifies while it connects can only say that it did not
//! connect. Here the handshake is carried through with any certificate
//! ([`start`]), and what the server showed ([`Shown`]) is then told as what it
//! is ([`Shown::judge`]): expired, self-signed, for another host. **Nothing
//! secret may be sent before it was judged to be without a failure.**

mod certificate;
mod failed;
pub(crate) mod judge;
mod recorder;
mod session;
mod trust;
mod wanted;

pub(crate) use certificate::read_file;
pub use certificate::{Certificate, read_chain};
pub use failed::broken;
pub(crate) use judge::names;
pub use judge::{Asked, DAYS};
pub use recorder::Shown;
pub use session::{Session, name, start, start_proven, start_with};
pub(crate) use session::{chosen, shake};
pub use trust::Trust;
pub use wanted::Wanted;
