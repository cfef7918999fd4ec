//! Restores into real servers: in containers, and on this host.

mod child;
mod crash;
mod created;
mod exchange;
mod harm;
mod in_place;
mod place;
mod roles;
mod round_trip;
mod saved;
