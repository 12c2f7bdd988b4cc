//! The pure core: what a journey is, and what each input does to a customer.

pub mod calendar;
