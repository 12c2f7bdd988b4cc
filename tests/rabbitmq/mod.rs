//! RabbitMQ, the real one: what comes in, what goes out, and what happens when it goes away.

pub(crate) mod broker;
mod commands;
mod renewed;
mod source;
mod workers;
