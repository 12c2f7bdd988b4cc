//! What older versions of journeys ask for and the workspace has no more. Whoever is inside such a version goes on with it, and
//! stumbles there.

use super::lookback::calls;
use crate::definition::{Channel, Definitions, Send, Step, Verb, Version};
use crate::id::Key;

/// Something that a version asks for, and that is gone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gone {
    /// The journey's id.
    pub journey: String,
    /// Which version of it.
    pub version: Key,
    /// What it is.
    pub what: What,
    /// Its name.
    pub name: String,
}

/// A kind of thing that a workspace sets up and every version sees as it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A segment.
    Segment,
    /// A template, at all or for a channel.
    Template,
    /// A channel.
    Channel,
    /// A pool.
    Pool,
    /// Another journey.
    Journey,
}

impl What {
    /// The word in the glossary.
    pub fn word(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Template => "template",
            Self::Channel => "channel",
            Self::Pool => "pool",
            Self::Journey => "journey",
        }
    }
}

/// What these versions ask for and the definitions don't have, each once, in order.
pub fn gone(definitions: &Definitions, versions: &[Version]) -> Vec<Gone> {
    let mut found = Vec::new();
    for version in versions {
        let mut search = Search {
            definitions,
            found: Vec::new(),
        };
        version
            .journey
            .clone()
            .for_each_script_mut(&mut |script| search.script(&script.source));
        for library in &version.library {
            search.script(&library.source);
        }
        search.steps(&version.journey.steps);
        let own = search.found.into_iter();
        found.extend(own.map(|(what, name)| Gone {
            journey: version.journey.id.clone(),
            version: version.hash,
            what,
            name,
        }));
    }
    found.sort();
    found.dedup();
    found
}

struct Search<'d> {
    definitions: &'d Definitions,
    found: Vec<(What, String)>,
}

impl Search<'_> {
    fn want(&mut self, is_there: bool, what: What, name: &str) {
        if !is_there {
            self.found.push((what, name.to_owned()));
        }
    }

    fn script(&mut self, source: &str) {
        for arguments in calls(source, "in_segment") {
            let name = arguments.first().and_then(|own| {
                let own = own.strip_prefix('"')?;
                own.strip_suffix('"')
            });
            if let Some(name) = name {
                let mut known = self.definitions.segments.iter();
                let is_there = known.any(|segment| segment.name == name);
                self.want(is_there, What::Segment, name);
            }
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            let definitions = self.definitions;
            let has_pool = |name: &str| {
                let mut pools = definitions.workspace.pools.iter();
                pools.any(|pool| pool.name == name)
            };
            match &step.verb {
                Verb::Send(send) => self.send(send),
                Verb::Assign(assign) => self.want(has_pool(&assign.pool), What::Pool, &assign.pool),
                Verb::Start(start) => {
                    let mut known = definitions.journeys.iter();
                    let is_there = known.any(|version| version.journey.id == start.journey);
                    self.want(is_there, What::Journey, &start.journey);
                }
                _ => {}
            }
            step.verb
                .blocks()
                .into_iter()
                .for_each(|own| self.steps(own));
        }
    }

    fn send(&mut self, send: &Send) {
        let named = match &send.channel {
            Channel::Named(name) => Some(name),
            Channel::Best => None,
        };
        let definitions = self.definitions;
        let mut templates = definitions.templates.iter();
        let is_there = templates.any(|template| {
            template.name == send.template && named.is_none_or(|name| template.channel == *name)
        });
        self.want(is_there, What::Template, &send.template);
        for name in named.into_iter().chain(&send.fallback) {
            let mut known = definitions.workspace.channels.iter();
            let is_there = known.any(|channel| channel.name == *name);
            self.want(is_there, What::Channel, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Zone;
    use crate::definition::{Assign, AssignBy, Journey, OnStop, Script, Segment, TriggerKind};
    use crate::definition::{Template, Trigger, Workspace};

    fn version() -> Version {
        let step = |verb| Step {
            id: None,
            title: None,
            when: None,
            verb,
        };
        let send = Send {
            channel: Channel::Named("email".into()),
            template: "offer".into(),
            data: Vec::new(),
            to: None,
            fallback: vec!["sms".into()],
            fallback_after: None,
            window: None,
            valid_for: None,
            on_late: OnStop::Skip,
            on_cap: OnStop::Skip,
        };
        let assign = Assign {
            pool: "sales".into(),
            by: AssignBy::RoundRobin,
        };
        let trigger = Trigger {
            kind: TriggerKind::Manual,
            catch_up: crate::calendar::Duration::from_days(1),
        };
        let mut journey = Journey::new(
            "j",
            vec![trigger],
            vec![step(Verb::Send(send)), step(Verb::Assign(assign))],
        );
        journey.audience = Some(Script::new(r#"!in_segment("big")"#, "audience"));
        Version {
            hash: Key::of(&["j"]),
            journey,
            library: Vec::new(),
        }
    }

    fn names(definitions: &Definitions) -> Vec<(What, String)> {
        let found = gone(definitions, &[version()]).into_iter();
        found.map(|own| (own.what, own.name)).collect()
    }

    #[test]
    fn all_that_a_version_asks_for_is_looked_for() {
        let mut definitions = Definitions::new(Workspace::new("shop", Zone::UTC, "en"));
        let all = [
            (What::Segment, "big"),
            (What::Template, "offer"),
            (What::Channel, "email"),
            (What::Channel, "sms"),
            (What::Pool, "sales"),
        ];
        assert_eq!(
            names(&definitions),
            all.map(|(what, name)| (what, name.to_owned()))
        );
        definitions.segments.push(Segment {
            name: "big".into(),
            condition: Script::new("true", "segments.big"),
        });
        definitions.templates.push(Template {
            name: "offer".into(),
            channel: "sms".into(),
            locale: None,
            extension: "txt".into(),
            front: Default::default(),
            body: String::new(),
        });
        let left = names(&definitions);
        assert!(
            left.contains(&(What::Template, "offer".into())),
            "not for email: {left:?}"
        );
        definitions.templates[0].channel = "email".into();
        let left = names(&definitions);
        assert_eq!(left.len(), 3, "{left:?}");
    }
}
