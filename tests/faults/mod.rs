//! Faults under load, and a checker that looks at what is left.

mod check;
mod cuts;
mod failpoints;
mod history;
mod kills;
mod load;
mod mutations;
mod planted;
mod proxy;
mod receiver;
mod rolling;
mod rules;
mod shop;
mod signals;
mod site;
mod told;
mod wish;
