//! What only PostgreSQL has: other workers, a network, a server with settings.

mod cuts;
pub(crate) mod database;
mod due;
mod encrypted;
mod erasing;
mod opening;
mod upgrade;
mod workers;
