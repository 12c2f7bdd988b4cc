//! Where customers, timers and the outbox are kept: one trait, one conformance suite, several stores.
