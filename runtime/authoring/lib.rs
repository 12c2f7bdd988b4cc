//! Text in, a checked catalog and diagnostics out: YAML, Rhai and JSON Schema as authors write them.

pub mod diagnostic;
pub mod render;
pub mod source;
pub mod suggest;
pub mod yaml;
