//! What comes back of messages as mail: delivery reports, complaints, and what people answer.
//!
//! A message that leaves by a mail server carries a sealed name, in its `Message-ID` and in the addresses to which it may come back. A mail
//! that shows such a name speaks of that message; nothing else that it says of whom it is about is believed. What follows from it becomes
//! ordinary events.

mod letter;
mod maildir;
mod name;
mod reader;
mod reply;
mod report;
#[cfg(test)]
mod tests;

pub use maildir::waiting_mails;
pub use name::ReturnedMail;
pub use reader::ReturnedReader;
