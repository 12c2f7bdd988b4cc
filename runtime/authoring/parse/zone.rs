//! The time zone that was probably meant, where none is called so: by its city, by its letters whatever their case.

use chrono_tz::TZ_VARIANTS;

use crate::suggest::nearest;

/// Names of before, which still mean a zone and are better not spread.
const FORMER: [(&str, &str); 1] = [("Europe/Kiev", "Europe/Kyiv")];

/// The zone that a name was probably meant to be: `Europe/Kyiv` for `Kyiv`, `europe/kyiv` and `Europe/Kiew`.
pub(super) fn meant(written: &str) -> Option<&'static str> {
    let wanted = city(written).to_lowercase().replace(' ', "_");
    let of_city = |zone: &&str| city(zone).to_lowercase() == wanted;
    let found = nearest_of(written, |zone| zone.eq_ignore_ascii_case(written))
        .or_else(|| zones().find(of_city))
        .or_else(|| nearest_of(written, |zone| zone.contains('/') == written.contains('/')))
        .or_else(|| {
            let cities = nearest(city(written), zones().map(city))?;
            zones().find(|zone| city(zone) == cities)
        });
    found.map(current)
}

/// The zones that people live in. `Etc/GMT+2` and its like, which lie two hours behind, are in nobody's mind.
fn zones() -> impl Iterator<Item = &'static str> {
    let names = TZ_VARIANTS.iter().map(|zone| zone.name());
    names.filter(|name| (name.contains('/') && !name.starts_with("Etc/")) || *name == "UTC")
}

fn nearest_of(written: &str, is_candidate: impl Fn(&str) -> bool) -> Option<&'static str> {
    nearest(written, zones().filter(|zone| is_candidate(zone)))
}

fn city(zone: &str) -> &str {
    zone.rsplit('/').next().unwrap_or(zone)
}

fn current(zone: &'static str) -> &'static str {
    let successor = FORMER.iter().find(|(former, _)| *former == zone);
    successor.map_or(zone, |(_, current)| current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_city_its_letters_and_in_any_case() {
        for (written, zone) in [
            ("Kyiv", Some("Europe/Kyiv")),
            ("kiev", Some("Europe/Kyiv")),
            ("Kyev", Some("Europe/Kyiv")),
            ("Europe/Kiew", Some("Europe/Kyiv")),
            ("europe/kyiv", Some("Europe/Kyiv")),
            ("Ukraine/Kyiv", Some("Europe/Kyiv")),
            ("Europe/Warsow", Some("Europe/Warsaw")),
            ("New York", Some("America/New_York")),
            ("utc", Some("UTC")),
            ("GMT+2", None),
            ("+02:00", None),
            ("Nowhere", None),
        ] {
            assert_eq!(meant(written), zone, "{written}");
        }
    }
}
