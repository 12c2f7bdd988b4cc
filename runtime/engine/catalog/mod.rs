//! Definitions made ready to run: scripts compiled, steps numbered, triggers found by what fires them.

mod error;
mod firings;
mod gone;
mod index;
mod lookback;
mod needs;
pub mod program;
mod replies;

use std::collections::HashMap;
use std::sync::Arc;

pub use error::Error;
pub use gone::{Gone, What, gone};
pub(crate) use index::{Place, TriggerAt};
pub use lookback::{Window, windows};
pub use needs::{Keep, Needs};
pub use replies::Reply;

use self::index::Index;
use self::program::Program;
use self::replies::Replies;
use crate::calendar::{Instant, Zone};
use crate::definition::{Definitions, Journey, Script, Status, Version, Workspace};
use crate::id::Key;
use crate::paused::Paused;
use crate::person::Person;
use crate::script::{Frame, Scripts, Times, Timing};

/// Whether drafts act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// For real: drafts do nothing.
    Live,
    /// In `test` and `simulate`: drafts act as if they were live.
    Rehearsal,
}

/// Definitions, ready to run. It holds a script engine of its own: one catalog a thread.
pub struct Catalog {
    definitions: Definitions,
    acting: Acting,
    tracing: bool,
    commanding: bool,
    paused: Paused,
    replies: Replies,
    /// Scripts of the workspace and of all versions that share its library.
    scripts: Arc<Scripts>,
    versions: HashMap<Key, Arc<Loaded>>,
    current: Vec<Arc<Loaded>>,
    index: Index,
    watched: Vec<Watched>,
    needs: Needs,
}

/// A version, ready to run.
pub struct Loaded {
    /// As it was defined.
    pub version: Version,
    /// The journey's id, shared with what it makes.
    pub id: Arc<str>,
    /// Its steps.
    pub program: Program,
    scripts: Arc<Scripts>,
}

/// A segment that a trigger watches.
pub(crate) struct Watched {
    pub(crate) name: String,
    /// What tells one condition from another.
    pub(crate) key: Key,
    pub(crate) condition: Script,
    /// When time alone may change it.
    pub(crate) times: Times,
}

impl Loaded {
    /// The journey.
    pub fn journey(&self) -> &Journey {
        &self.version.journey
    }

    /// The name of the step that a place in the file belongs to: `steps[0].when` may be of `nine`.
    pub fn step_at(&self, place: &str) -> Option<&str> {
        let holds = |path: &str| {
            place
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let around = self.program.nodes().iter().filter(|node| holds(&node.path));
        around
            .max_by_key(|node| node.path.len())
            .map(|node| &*node.name)
    }
}

impl Catalog {
    /// Makes definitions ready, together with older versions that somebody is still inside of.
    ///
    /// # Errors
    /// Every script that doesn't compile, with its journey and place. Definitions that were checked have none; a version
    /// pinned by an older Kurant may, and then nothing is loaded.
    pub fn load(
        definitions: &Definitions,
        pinned: &[Version],
        acting: Acting,
    ) -> Result<Self, Error> {
        let mut definitions = definitions.clone();
        let mut pinned: Vec<Version> = pinned
            .iter()
            .filter(|old| definitions.journeys.iter().all(|new| new.hash != old.hash))
            .cloned()
            .collect();
        let scripts = Arc::new(compile(&mut definitions, &mut pinned)?);
        let mut versions = HashMap::new();
        for version in definitions.journeys.iter().chain(&pinned) {
            versions.insert(
                version.hash,
                Arc::new(Loaded::new(version.clone(), scripts.clone())),
            );
        }
        let current: Vec<Arc<Loaded>> = definitions
            .journeys
            .iter()
            .map(|version| versions[&version.hash].clone())
            .collect();
        let index = Index::new(&definitions, &current);
        let watched = watched_segments(&definitions, &current)?;
        let needs = Needs::new(&definitions, versions.values().map(AsRef::as_ref), &watched);
        Ok(Self {
            definitions,
            acting,
            tracing: true,
            commanding: true,
            paused: Paused::default(),
            replies: Replies::default(),
            scripts,
            versions,
            current,
            index,
            watched,
            needs,
        })
    }

    /// Whether decisions write a trace; they do unless told. `simulate` over millions does without.
    #[must_use]
    pub fn with_trace(mut self, tracing: bool) -> Self {
        self.tracing = tracing;
        self
    }

    /// Holds journeys and channels back; nothing is unless told.
    pub fn set_paused(&mut self, paused: Paused) {
        self.paused = paused;
    }

    /// What is held back.
    pub fn paused(&self) -> &Paused {
        &self.paused
    }

    /// What was loaded.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// `kurant.yaml`.
    pub fn workspace(&self) -> &Workspace {
        &self.definitions.workspace
    }

    /// Which events conditions look back on, and how far.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// The attributes that date and inactivity triggers reckon from.
    pub fn anchors(&self) -> impl Iterator<Item = &str> {
        self.index.anchors.iter().map(|(name, _)| name.as_str())
    }

    /// The journeys at their current version, by id.
    pub fn journeys(&self) -> &[Arc<Loaded>] {
        &self.current
    }

    /// The current version of a journey.
    pub fn journey(&self, id: &str) -> Option<&Loaded> {
        self.current
            .iter()
            .find(|loaded| loaded.journey().id == id)
            .map(AsRef::as_ref)
    }

    /// A version, current or pinned.
    pub fn version(&self, hash: Key) -> Option<&Loaded> {
        self.versions.get(&hash).map(AsRef::as_ref)
    }

    /// Whether there is a journey of this id, at its current version or at one that somebody is still inside of.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.versions_of(id).next().is_some()
    }

    /// The step of a journey by its id, or by its place where it has none, in any version.
    pub(crate) fn step_of(&self, id: &str, step: &str) -> Option<Arc<str>> {
        let mut nodes = self.versions_of(id).flat_map(|own| own.program.nodes());
        nodes
            .find(|node| &*node.name == step)
            .map(|node| node.name.clone())
    }

    fn versions_of(&self, id: &str) -> impl Iterator<Item = &Arc<Loaded>> {
        let versions = self.current.iter().chain(self.versions.values());
        versions.filter(move |own| own.journey().id == id)
    }

    /// The customer's clock.
    pub fn zone(&self, person: &Person) -> Zone {
        person.customer.zone(self.definitions.workspace.timezone)
    }

    pub(crate) fn shared_version(&self, hash: Key) -> Option<Arc<Loaded>> {
        self.versions.get(&hash).cloned()
    }

    /// Whether customers may enter a journey now.
    pub fn is_open(&self, journey: &Journey) -> bool {
        match journey.status {
            Status::Live => true,
            Status::Draft => self.acting == Acting::Rehearsal,
            Status::Retired => false,
        }
    }

    /// Whether a segment's members are followed, because a trigger watches it.
    pub fn watches_segments(&self) -> bool {
        !self.watched.is_empty()
    }

    /// Judges a condition of the workspace itself for a customer: a segment, or one that an operator typed and the catalog
    /// was loaded with.
    ///
    /// # Errors
    /// What went wrong in the script, in people's words.
    pub fn in_segment(
        &self,
        name: &str,
        person: &mut Person,
        now: Instant,
    ) -> Result<bool, crate::script::Error> {
        let Some(segment) = self
            .definitions
            .segments
            .iter()
            .find(|segment| segment.name == name)
        else {
            return Ok(false);
        };
        let frame = Frame::new(now, self.zone(person));
        self.scripts.holds(&segment.condition, person, &frame)
    }

    /// Without commands: where nothing leaves, as in `simulate` and `test`, what a template would see is not put together.
    #[must_use]
    pub fn without_commands(mut self) -> Self {
        self.commanding = false;
        self
    }

    pub(crate) fn commands(&self) -> bool {
        self.commanding
    }

    /// Gives web hooks replies by URL, in tests: for the calls of one enrollment in turn, the last one for all later calls. A
    /// web hook without any replies `()`.
    #[must_use]
    pub fn with_replies(mut self, replies: Vec<(String, Vec<Reply>)>) -> Self {
        self.replies = Replies::new(replies);
        self
    }

    pub(crate) fn reply(&self, url: &str, call: u32) -> Reply {
        self.replies.to(url, call)
    }

    pub(crate) fn traces(&self) -> bool {
        self.tracing
    }

    /// Whether it is `test` or `simulate` that asks, so that nobody's values are kept.
    pub(crate) fn rehearses(&self) -> bool {
        self.acting == Acting::Rehearsal
    }

    pub(crate) fn scripts(&self) -> &Scripts {
        &self.scripts
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn watched(&self) -> &[Watched] {
        &self.watched
    }

    pub(crate) fn loaded(&self, place: Place) -> &Arc<Loaded> {
        &self.current[place.0]
    }
}

impl Loaded {
    fn new(version: Version, scripts: Arc<Scripts>) -> Self {
        let program = Program::new(&version.journey.steps);
        Self {
            id: version.journey.id.as_str().into(),
            program,
            scripts,
            version,
        }
    }

    pub(crate) fn scripts(&self) -> &Scripts {
        &self.scripts
    }
}

/// Compiles the workspace's own scripts and those of all current versions with the library as it stands, and those of
/// pinned versions with the library functions as they were.
fn compile(definitions: &mut Definitions, pinned: &mut [Version]) -> Result<Scripts, Error> {
    let mut current = Vec::new();
    for update in &mut definitions.profile {
        for (_, value) in &mut update.set {
            value.for_each_script_mut(&mut |script| current.push(script));
        }
    }
    for version in &mut definitions.journeys {
        version
            .journey
            .for_each_script_mut(&mut |script| current.push(script));
    }
    let segments = definitions.segments.clone();
    for segment in &mut definitions.segments {
        current.push(&mut segment.condition);
    }
    let mut scripts =
        Scripts::compile(current, &definitions.library, &segments).map_err(Error::Scripts)?;
    for version in pinned {
        let mut own = Vec::new();
        version
            .journey
            .for_each_script_mut(&mut |script| own.push(script));
        scripts
            .add(own, &version.library)
            .map_err(|errors| Error::Pinned {
                journey: version.journey.id.clone(),
                version: version.hash,
                errors,
            })?;
    }
    Ok(scripts)
}

fn watched_segments(
    definitions: &Definitions,
    current: &[Arc<Loaded>],
) -> Result<Vec<Watched>, Error> {
    let names = current
        .iter()
        .flat_map(|loaded| &loaded.journey().triggers)
        .filter_map(|trigger| trigger.kind.segment())
        .collect::<Vec<_>>();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let timing = Timing::new(&definitions.segments, &definitions.library);
    let mut watched: Vec<Watched> = Vec::new();
    for name in names {
        let segment = definitions
            .segments
            .iter()
            .find(|segment| segment.name == name);
        if let Some(segment) = segment
            && watched.iter().all(|known| known.name != name)
        {
            watched.push(Watched {
                name: name.to_owned(),
                key: Key::of(&[&segment.condition.source]),
                condition: segment.condition.clone(),
                times: timing.of(name).map_err(Error::Scripts)?,
            });
        }
    }
    Ok(watched)
}
