//! Text in, a checked catalog and diagnostics out: YAML, Rhai and JSON Schema as authors write them.

mod check;
pub mod diagnostic;
mod encoding;
pub mod graph;
mod lower;
pub mod parse;
pub mod places;
pub mod provider;
pub mod render;
pub mod scenario;
pub mod schema;
pub mod source;
pub mod suggest;
pub mod workspace;
pub mod yaml;

pub use encoding::{Encoding, likely as likely_encoding};
pub use parse::{Column, Columns, ReadColumns};
pub use workspace::{
    Compiled, SourceFile, compile, condition, environment_of, is_read, right_folder, right_name,
};
