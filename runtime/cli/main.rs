//! The `kurant` command.

mod args;
mod came_back;
mod channel;
mod check;
mod coupons;
mod customer;
mod dead;
mod demo;
mod deploy;
mod doctor;
mod embedded;
mod enroll;
mod environment;
mod error;
mod explain;
mod failpoints;
mod folder;
mod generate;
mod graph;
mod guard;
mod hand_over;
mod held;
mod import;
mod in_force;
mod kinds;
mod log;
mod migrate;
mod moment;
mod preview;
mod proof;
mod public;
mod reason;
mod refused;
mod restore;
mod run;
mod secret;
mod simulate;
mod status;
mod steer;
mod talk;
mod test;
mod way;
mod way_by_http;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

use self::args::{Args, Command};
use self::error::Error;
use self::folder::Folder;

/// Events are made on one thread and dropped on another, by the million: the system's allocator takes a fifth of a
/// simulation for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    failpoints::arm();
    let args = Args::parse();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            error.exit_code()
        }
    }
}

fn run(args: &Args) -> Result<ExitCode, Error> {
    let folder = &Folder::new(&args.workspace, args.environment.as_deref());
    match &args.command {
        Command::Check(own) => check::run(folder, own),
        Command::Test(own) => test::run(folder, own),
        Command::Simulate(own) => simulate::run(folder, own),
        Command::Run(own) => run::run(folder, own),
        Command::Explain(own) => explain::run(folder, own),
        Command::Preview(own) => preview::run(folder, own),
        Command::Graph(own) => graph::run(folder, own),
        Command::Customer(own) => customer::run(folder, own),
        Command::Log(own) => log::run(folder, own),
        Command::Status(own) => status::run(folder, own),
        Command::Dead(own) => dead::run(folder, own),
        Command::Deploy(own) => deploy::run(folder, own),
        Command::Rollback(own) => deploy::rollback(folder, own),
        Command::Coupons(own) => coupons::run(folder, own),
        Command::Migrate(own) => migrate::run(folder, own),
        Command::Held(own) => held::run(folder, own),
        Command::Doctor(own) => doctor::run(folder, own),
        Command::Channel(own) => channel::run(folder, own),
        Command::Import(own) => import::run(folder, own),
        Command::Enroll(own) => enroll::run(folder, own),
        Command::Pause(own) => steer::pause(folder, own),
        Command::Resume(own) => steer::resume(folder, own),
        Command::Stop(own) => steer::stop(folder, own),
        Command::Demo(own) => demo::run(folder, own),
        Command::Generate(own) => {
            let summary = generate::run(own)?;
            eprintln!("{summary}");
            Ok(ExitCode::SUCCESS)
        }
    }
}
