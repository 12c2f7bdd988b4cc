//! What can be asked of `kurant`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{
    channel, check, coupons, customer, dead, demo, deploy, doctor, enroll, explain, generate,
    graph, held, import, log, migrate, preview, run, simulate, status, steer, test,
};

/// Messages at the right moment, once: journeys in YAML, run live or on a virtual clock
#[derive(Debug, Parser)]
#[command(
    name = "kurant",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Begin with:\n  \
        kurant check                 is everything in this folder right?\n  \
        kurant test                  do the journeys do what their tests say?\n  \
        kurant test birthday         only the tests whose file or name holds `birthday`\n  \
        kurant simulate --help       what would they do over years of history?\n\n\
        Results go to standard output, all else to standard error.\n\
        Exit codes: 0 = fine, 1 = mistakes found or tests failed, 2 = called wrongly, 3 = it could not be done."
)]
pub(crate) struct Args {
    /// The workspace: the folder that holds kurant.yaml
    #[arg(
        long,
        short = 'w',
        global = true,
        value_name = "DIR",
        default_value = "."
    )]
    pub(crate) workspace: PathBuf,
    /// The environment: kurant.NAME.yaml is laid over kurant.yaml
    #[arg(long = "env", global = true, value_name = "NAME", env = "KURANT_ENV")]
    pub(crate) environment: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find every mistake in the workspace: where it is, what is wrong, what to write instead
    Check(check::Args),
    /// Run the journeys' own tests, the files named *.test.yaml
    Test(test::Args),
    /// Play a history through the journeys on a virtual clock and write down what they would do
    Simulate(simulate::Args),
    /// Run the journeys: live, on a faster clock, or through a history in lockstep
    Run(run::Args),
    /// Say why a customer gets, or doesn't get, what a journey sends: every gate with the values seen
    Explain(explain::Args),
    /// Look at one customer, or steer one: out of a journey, past a step, later, elsewhere
    Customer(customer::Args),
    /// Read what was done and what happened: by journey, customer, step, outcome, reason and time
    Log(log::Args),
    /// Say what runs, what is late and what waits
    Status(status::Args),
    /// Look at what was given up, try it again or drop it
    Dead(dead::Args),
    /// Put the workspace in force for all workers; shows first what changes for whom
    Deploy(deploy::Args),
    /// Go back to an earlier deployment
    Rollback(deploy::RollbackArgs),
    /// Make the changes that the store's tables lack after an upgrade
    Migrate(migrate::Args),
    /// Decide about what may have left before the store was restored
    Held(held::Args),
    /// Show a message as a customer would get it; nothing is sent
    Preview(preview::Args),
    /// Draw a journey: SVG, Mermaid or DOT
    Graph(graph::Args),
    /// Look whether all that the workspace names is there and safe
    Doctor(doctor::Args),
    /// Try a channel: one test message, and what came of it
    Channel(channel::Args),
    /// Load what was before: customers, events, sends
    Import(import::Args),
    /// Import coupon codes, see how many are left and who has which
    Coupons(coupons::Args),
    /// Take in whom a journey missed before it went live, so many a day
    Enroll(enroll::Args),
    /// Hold back a journey, a channel or everything, beside a running `run`; or say what is held back
    Pause(steer::Args),
    /// Let go on what was paused, or held by the guard
    Resume(steer::Args),
    /// End everybody's passage through a journey
    Stop(steer::StopArgs),
    /// Watch this workspace's journeys run for a made-up shop, a year in half a minute
    Demo(demo::Args),
    /// Make up a lifelike shop: customers and years of events
    Generate(generate::Args),
}
