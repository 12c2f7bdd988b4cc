# Short names for what the README says in full; nothing is done here that a plain command doesn't.

# What there is.
default:
    @just --list

# Every check and every test.
test:
    scripts/test

# The sample shop in time-lapse.
demo:
    cargo run --quiet -- demo

# Finds mistakes in the sample workspace.
check *ARGS:
    cargo run --quiet -- check {{ARGS}}

# Formats what has been changed.
fmt:
    cargo fmt --all
