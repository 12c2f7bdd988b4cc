//! What a deployment would change, compared with what is in force.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use kurant_engine::definition::{
    Definitions, Segment, Settings, Status, Template, Version, Workspace,
};
use kurant_store::Inside;
use serde_json::{Value, json};

/// What a deployment would change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Journeys, by what becomes of them.
    journeys: Vec<Line>,
    /// Journeys that stay as they are.
    unchanged: usize,
    /// What is live at once for everybody, people inside too: what it is, and the names.
    shared: Vec<(&'static str, Vec<String>)>,
    /// What a run learns only when it is started again.
    is_reached_otherwise: bool,
}

/// What becomes of a journey.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    what: &'static str,
    journey: String,
    /// So many are inside.
    inside: u64,
    /// What that means.
    note: &'static str,
}

impl Plan {
    /// What `next` changes where `current` is in force and so many are inside.
    pub(super) fn of(current: Option<&Definitions>, next: &Definitions, inside: &[Inside]) -> Self {
        let mut people: BTreeMap<&str, u64> = BTreeMap::new();
        for row in inside {
            *people.entry(&row.journey).or_default() += row.count;
        }
        let before = by_id(current.map_or(&[], |own| &own.journeys));
        let after = by_id(&next.journeys);
        let ids: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        let (mut journeys, mut unchanged) = (Vec::new(), 0);
        for id in ids {
            match fate(before.get(id).copied(), after.get(id).copied()) {
                Some((what, note)) => journeys.push(Line {
                    what,
                    journey: id.to_owned(),
                    inside: people.get(id).copied().unwrap_or_default(),
                    note,
                }),
                None => unchanged += 1,
            }
        }
        let shared = current.map_or_else(Vec::new, |current| shared(current, next));
        let is_reached_otherwise =
            current.is_some_and(|current| is_reached_otherwise(current, next));
        Self {
            journeys,
            unchanged,
            shared,
            is_reached_otherwise,
        }
    }

    /// Whether nothing would change.
    pub(super) fn is_empty(&self) -> bool {
        self.journeys.is_empty() && self.shared.is_empty() && !self.is_reached_otherwise
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.journeys {
            let inside = match line.inside {
                0 => String::new(),
                1 => "1 person inside".to_owned(),
                count => format!("{count} people inside"),
            };
            let note = [inside.as_str(), line.note];
            let note: Vec<&str> = note.into_iter().filter(|part| !part.is_empty()).collect();
            let line = format!("{:<9} {:<28} {}", line.what, line.journey, note.join("; "));
            let _ = writeln!(text, "{}", line.trim_end());
        }
        for (what, names) in &self.shared {
            let line = format!("{:<9} {what}: {}", "live", names.join(", "));
            let _ = writeln!(text, "{}", line.trim_end_matches(": "));
        }
        if self.is_reached_otherwise {
            let _ = writeln!(
                text,
                "restart   how channels, the CRM, web hooks, the store or events are reached: from the next start of each worker on"
            );
        }
        let _ = writeln!(text, "unchanged {} journeys", self.unchanged);
        text
    }

    /// For programs.
    pub(super) fn object(&self) -> Value {
        let journeys: Vec<Value> = self
            .journeys
            .iter()
            .map(|own| json!({ "journey": own.journey, "what": own.what, "inside": own.inside }))
            .collect();
        let shared: BTreeMap<&str, &Vec<String>> = self
            .shared
            .iter()
            .map(|(what, names)| (*what, names))
            .collect();
        json!({ "journeys": journeys, "unchanged": self.unchanged, "live": shared, "restart": self.is_reached_otherwise })
    }
}

fn by_id(versions: &[Version]) -> BTreeMap<&str, &Version> {
    let own = versions.iter();
    own.map(|version| (version.journey.id.as_str(), version))
        .collect()
}

/// What becomes of a journey, and what that means; none if nothing does.
fn fate(before: Option<&Version>, after: Option<&Version>) -> Option<(&'static str, &'static str)> {
    let status = |own: Option<&Version>| own.map(|version| version.journey.status);
    let stay = "they go on with the version that they began with";
    match (status(before), status(after)) {
        (None | Some(Status::Draft), Some(Status::Live)) => Some((
            "new",
            "it goes live; what would have fired before is one line of the log",
        )),
        (None, Some(Status::Draft)) => Some(("draft", "nobody enters it")),
        (None, Some(Status::Retired)) => Some(("retired", "nobody enters it")),
        (Some(Status::Live), None) => {
            Some(("retired", "its file is gone; nobody enters it any more"))
        }
        (Some(_), None) => Some(("gone", "its file is gone")),
        (Some(Status::Live), Some(Status::Draft | Status::Retired)) => {
            Some(("retired", "nobody enters it any more"))
        }
        (Some(Status::Retired), Some(Status::Live)) => Some(("reopened", "people enter it again")),
        _ if before.map(|own| own.hash) != after.map(|own| own.hash) => Some(("changed", stay)),
        (one, other) if one != other => Some(("changed", "only its status")),
        _ => None,
    }
}

/// What is in force at once for everybody.
fn shared(current: &Definitions, next: &Definitions) -> Vec<(&'static str, Vec<String>)> {
    let template = |own: &Template| {
        (
            (own.name.clone(), own.channel.clone(), own.locale.clone()),
            serde_json::to_string(own).unwrap_or_default(),
        )
    };
    let templates = differing(
        current.templates.iter().map(template),
        next.templates.iter().map(template),
    );
    let templates: BTreeSet<String> = templates.into_iter().map(|(name, ..)| name).collect();
    let segment = |own: &Segment| (own.name.clone(), own.condition.source.clone());
    let segments = differing(
        current.segments.iter().map(segment),
        next.segments.iter().map(segment),
    );
    let mut shared = vec![
        ("templates", templates.into_iter().collect()),
        ("segments", segments.into_iter().collect::<Vec<String>>()),
    ];
    shared.retain(|(_, names)| !names.is_empty());
    if current.profile != next.profile {
        shared.push(("profile.yaml", Vec::new()));
    }
    if current.schema != next.schema {
        shared.push(("schemas", Vec::new()));
    }
    if rules(&current.workspace) != rules(&next.workspace) {
        shared.push(("rules of kurant.yaml", Vec::new()));
    }
    shared
}

/// What of `kurant.yaml` is in force at once: hours, caps, pools, links and the like.
fn rules(workspace: &Workspace) -> Workspace {
    let mut rules = workspace.clone();
    rules.channels.clear();
    rules.settings = Settings {
        links: workspace.settings.links.clone(),
        retention: workspace.settings.retention,
        ..Settings::default()
    };
    rules
}

/// The names of what is in one of two lists only, or is something else there.
fn differing<K: Ord>(
    one: impl Iterator<Item = (K, String)>,
    other: impl Iterator<Item = (K, String)>,
) -> Vec<K> {
    let mut one: BTreeMap<K, String> = one.collect();
    let mut names = Vec::new();
    for (name, text) in other {
        if one.remove(&name) != Some(text) {
            names.push(name);
        }
    }
    names.extend(one.into_keys());
    names
}

fn is_reached_otherwise(current: &Definitions, next: &Definitions) -> bool {
    let ways = |own: &Definitions| {
        let mut settings = own.workspace.settings.clone();
        settings.links = Default::default();
        settings.retention = Default::default();
        (own.workspace.channels.clone(), settings)
    };
    ways(current) != ways(next) || current.providers != next.providers
}

#[cfg(test)]
mod tests {
    use kurant_engine::calendar::Zone;
    use kurant_engine::definition::Journey;
    use kurant_engine::id::Key;

    use super::*;

    fn with(journeys: &[(&str, &str, Status)]) -> Definitions {
        let mut definitions = Definitions::new(Workspace::new("shop", Zone::UTC, "en"));
        let version = |(id, text, status): &(&str, &str, Status)| Version {
            hash: Key::of(&[id, text]),
            journey: Journey {
                status: *status,
                ..Journey::new(*id, Vec::new(), Vec::new())
            },
            library: Vec::new(),
        };
        definitions.journeys = journeys.iter().map(version).collect();
        definitions
    }

    #[test]
    fn each_journey_is_told_with_what_becomes_of_it_and_of_those_inside() {
        let before = with(&[
            ("same", "a", Status::Live),
            ("other", "a", Status::Live),
            ("gone", "a", Status::Live),
            ("back", "a", Status::Live),
            ("ready", "a", Status::Draft),
        ]);
        let after = with(&[
            ("same", "a", Status::Live),
            ("other", "b", Status::Live),
            ("back", "a", Status::Draft),
            ("ready", "a", Status::Live),
            ("idea", "a", Status::Draft),
        ]);
        let inside = |journey: &str, count| Inside {
            journey: journey.to_owned(),
            version: Key::of(&[journey]),
            node: None,
            count,
        };
        let inside = [inside("other", 2), inside("other", 3), inside("gone", 1)];
        let plan = Plan::of(Some(&before), &after, &inside);
        let words: Vec<(&str, &str, u64)> = plan
            .journeys
            .iter()
            .map(|own| (own.journey.as_str(), own.what, own.inside))
            .collect();
        assert_eq!(
            words,
            [
                ("back", "retired", 0),
                ("gone", "retired", 1),
                ("idea", "draft", 0),
                ("other", "changed", 5),
                ("ready", "new", 0),
            ]
        );
        assert_eq!(plan.unchanged, 1);
        assert!(Plan::of(Some(&after), &after, &inside).is_empty());
    }
}
