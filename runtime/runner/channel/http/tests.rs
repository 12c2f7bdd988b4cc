//! Calls to a real receiver at this machine that does what a test says.
