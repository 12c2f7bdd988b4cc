mod language;
mod mistakes;
