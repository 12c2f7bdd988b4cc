//! `coupon: { codes, valid or until, as }`.

use kurant_engine::definition::Coupon;

use super::At;
use crate::diagnostic::Problem;
use crate::parse::calendar::some_duration;
use crate::parse::context::{text, variable};

pub(super) fn read(at: At<'_, '_>) -> Option<Coupon> {
    let mut map = at.inside(
        "a coupon",
        "coupon: { codes: BDAY-######, valid: 14d, as: code }",
    )?;
    map.synonyms(&[
        ("pool", "codes"),
        ("code", "codes"),
        ("pattern", "codes"),
        ("prefix", "codes"),
        ("valid_for", "valid"),
        ("expires", "valid"),
        ("valid_until", "until"),
        ("save", "as"),
        ("name", "as"),
        ("var", "as"),
    ]);
    let codes = map.need("codes", text);
    let valid = map.read("valid", some_duration);
    let until = map.read("until", |node| at.context.script(node));
    let variable = map.need("as", variable);
    if map.has("valid") && map.has("until") {
        let problem = Problem::new(
            "two-in-one",
            "a coupon is `valid` for so long, or `until` then, not both",
        )
        .help("keep one of them");
        at.context.report(map.node().head(), problem);
    }
    map.finish();
    Some(Coupon {
        codes: codes.unwrap_or_default(),
        valid,
        until,
        variable: variable.unwrap_or_default(),
    })
}
