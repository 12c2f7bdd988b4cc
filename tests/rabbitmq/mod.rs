//! RabbitMQ, the real one: what comes in, what goes out, and what happens when it goes away.

mod broker;
mod commands;
mod source;
mod workers;
