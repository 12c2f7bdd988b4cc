//! `tracking`: what is noticed of how messages are read.

use kurant_engine::definition::{Tracking, Whose};

use super::Context;
use crate::diagnostic::Problem;
use crate::yaml::Node;

const WORDS: [(&str, Whose); 3] = [
    ("off", Whose::Off),
    ("consented", Whose::Consented),
    ("on", Whose::On),
];

/// `tracking: { links: consented, opens: off }`; what tells of it has to be reached somewhere.
pub(super) fn read(context: &Context<'_>, node: &Node, is_reached: bool) -> Tracking {
    let Some(mut map) = context.open(node, "the tracking") else {
        return Tracking::default();
    };
    map.synonyms(&[
        ("clicks", "links"),
        ("click", "links"),
        ("link", "links"),
        ("open", "opens"),
        ("pixel", "opens"),
    ]);
    let mut whose = |key| {
        map.read(key, |node| node.choice(&WORDS))
            .unwrap_or_default()
    };
    let tracking = Tracking {
        links: whose("links"),
        opens: whose("opens"),
    };
    map.finish();
    if tracking != Tracking::default() && !is_reached {
        let problem = Problem::new("missing-key", "nothing says where links should lead");
        context.report(
            node.head(),
            problem.help(
                "add `public: { url: \"https://mail.shop.example\", listen: \"0.0.0.0:8090\", secret: \"${env:KURANT_PUBLIC_SECRET}\" }`, which serves them",
            ),
        );
    }
    tracking
}
