//! How much room the folder has in which a workspace keeps what it needs.

use std::path::Path;

use kurant_runner::Finding;

/// Below so many bytes, or below so many percent of the disk, somebody should make room.
const LITTLE: u64 = 1 << 30;
const LITTLE_PERCENT: u64 = 5;
/// Below so many bytes, nothing may be written soon.
const NEXT_TO_NOTHING: u64 = 100 << 20;

/// The disk of the folder that holds state, inbox and outbox.
pub(super) fn disk(folder: &Path) -> Finding {
    let own = folder.join(".kurant");
    let place = if own.is_dir() { own.as_path() } else { folder };
    match rustix::fs::statvfs(place) {
        Ok(disk) => room(
            &place.display().to_string(),
            disk.f_bavail.saturating_mul(disk.f_frsize),
            disk.f_blocks.saturating_mul(disk.f_frsize),
        ),
        Err(error) => Finding::doubtful(
            "disk",
            format!(
                "how much room {} has can't be told: {error}",
                place.display()
            ),
            "look at it with `df`",
        ),
    }
}

fn room(place: &str, free: u64, all: u64) -> Finding {
    let percent = free.saturating_mul(100) / all.max(1);
    let what = format!("{} MB are free for {place}, {percent}%", free >> 20);
    let advice =
        "make room: a full disk stops intake until there is some, and nothing is lost meanwhile";
    if free < NEXT_TO_NOTHING {
        Finding::bad("disk", what, advice)
    } else if free < LITTLE || percent < LITTLE_PERCENT {
        Finding::doubtful("disk", what, advice)
    } else {
        Finding::good("disk", what)
    }
}

#[cfg(test)]
mod tests {
    use kurant_runner::State;

    use super::*;

    #[test]
    fn little_room_is_doubtful_and_next_to_none_is_broken() {
        for (free, all, state) in [
            (50 << 30, 100 << 30, State::Good),
            (2 << 30, 100 << 30, State::Doubtful),
            (500 << 20, 1 << 30, State::Doubtful),
            (50 << 20, 1 << 30, State::Bad),
            (0, 0, State::Bad),
        ] {
            assert_eq!(room("x", free, all).state, state, "{free} of {all}");
        }
    }
}
