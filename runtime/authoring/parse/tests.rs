mod language;
mod mistakes;
mod workspace;
