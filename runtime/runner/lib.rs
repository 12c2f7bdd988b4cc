//! The loops around the engine: intake, timers, hand-over.
