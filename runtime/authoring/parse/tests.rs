mod damage;
mod language;
mod mistakes;
mod workspace;
