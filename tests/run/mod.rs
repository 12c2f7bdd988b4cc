//! The runtime as a user has it: the binary, a workspace in a folder, files in and files out.

pub(crate) mod asking;
mod customer;
mod deploy;
mod doctor;
mod enroll;
mod environment;
mod erased;
mod feed;
mod first_day;
mod forget;
mod full;
mod gone;
mod import;
mod intake;
mod kill;
mod look;
mod migrate;
mod old_versions;
mod outage;
mod preview;
mod restore;
mod retried;
pub(crate) mod sample;
mod settled;
mod steer;
mod versions;
mod watched;
