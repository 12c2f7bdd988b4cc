//! The pure core of Kurant: what a journey is, and what each input does to a customer.
//!
//! Nothing here reads a clock, draws a random number or touches a file. Time is an argument, ids are derived, and the same
//! inputs give the same changes wherever they are processed: live, in `simulate`, in a journey's test, under fault injection.

pub mod action;
mod advance;
pub mod calendar;
pub mod catalog;
pub mod codes;
pub mod customer;
pub mod decode;
pub mod definition;
pub mod desk;
pub mod enrollment;
pub mod erased;
pub mod event;
pub mod guard;
pub mod id;
pub mod input;
mod line;
pub mod map;
pub mod markdown;
pub mod mjml;
pub mod operator;
pub mod paused;
pub mod person;
pub mod process;
pub mod provider;
pub mod script;
pub mod stock;
pub mod template;
pub mod value;
mod value_serde;
pub mod world;
