//! The public pages as `kurant.yaml` names them, with their secret filled in.

use std::path::Path;

use kurant_engine::definition::PublicPages;
use kurant_runner::PublicLinks;

use crate::error::Error;
use crate::secret;

/// What makes their links.
pub(crate) fn links(folder: &Path, pages: &PublicPages) -> Result<PublicLinks, Error> {
    let opened = secret::open(folder, &pages.secret)?;
    PublicLinks::new(&pages.url, &opened).map_err(|why| {
        Error::failure(format!("`public` can't be used: {why}"))
            .hint("another secret ends all links that were sent; choose it once")
    })
}
