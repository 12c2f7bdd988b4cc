//! Text in, a checked catalog and diagnostics out: YAML, Rhai and JSON Schema as authors write them.
