//! Whether what comes back as mail can be read.

use std::io::ErrorKind;

use kurant_runner::{Finding, MailServer, waiting_mails};
use rustix::fs::{Access, access};

/// The folder that mail of a channel comes back into; none where nothing is to come back.
pub(super) fn look(channel: &str, server: &MailServer) -> Option<Finding> {
    let folder = server.returned_mail()?.folder();
    let place = folder.display();
    let unread = |why: &dyn std::fmt::Display| {
        Finding::bad(
            "returned",
            format!("what comes back as mail of {channel} can't be read from {place}: {why}"),
            "let whoever runs Kurant read and write the folder, with `new` and `cur` in it; until then bounces and answers wait there",
        )
    };
    let waiting = match waiting_mails(folder) {
        Ok(waiting) => waiting,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Some(Finding::doubtful(
                "returned",
                format!(
                    "what comes back as mail of {channel} is to be read from {place}, which is not there"
                ),
                "let your mail server bring it there, or start `kurant run`, which makes the folder",
            ));
        }
        Err(error) => return Some(unread(&error)),
    };
    let needs = Access::WRITE_OK | Access::EXEC_OK;
    let parts = ["new", "cur"].map(|part| access(folder.join(part), needs));
    if let Some(error) = parts.into_iter().find_map(Result::err) {
        return Some(unread(&error));
    }
    let what =
        format!("what comes back as mail of {channel} is read from {place}, where {waiting} wait");
    Some(Finding::good("returned", what))
}
