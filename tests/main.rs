//! The one integration binary: every file beside this one is a module here.

mod acted;
mod cli;
mod docs;
mod faults;
mod http;
mod journeys;
mod mail;
mod model;
mod rabbitmq;
mod run;
mod servers;
mod store_conformance;
mod tidy;

#[test]
fn the_binary_is_built() {
    assert!(std::path::Path::new(env!("CARGO_BIN_EXE_kurant")).exists());
}
