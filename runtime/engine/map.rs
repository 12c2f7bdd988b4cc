//! Named values: a customer's attributes, an event's data, a journey's variables.

use compact_str::CompactString;

use crate::value::Value;

/// Values by name, kept sorted. A vector, since such maps are small: a look-up is a few comparisons, and a customer costs
/// one allocation instead of a tree of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map(Vec<(CompactString, Value)>);

/// Maps up to this many names grow by little.
const SMALL: usize = 16;
/// By so many names.
const STEP: usize = 4;

impl Map {
    /// An empty map.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value under a name, if there is one that is not null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        // Few are looked at before the right one: quicker than halving.
        let named = self.0.iter().find(|(own, _)| is(own, name));
        named
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    /// Puts a value under a name and returns the one it replaces.
    pub fn insert(
        &mut self,
        name: impl AsRef<str> + Into<CompactString>,
        value: Value,
    ) -> Option<Value> {
        // A value of a name that is there is found more quickly than the place of one that isn't.
        let known = self.0.iter_mut().find(|(own, _)| is(own, name.as_ref()));
        if let Some((_, own)) = known {
            return Some(std::mem::replace(own, value));
        }
        match self.position(name.as_ref()) {
            Ok(index) => Some(std::mem::replace(&mut self.0[index].1, value)),
            Err(index) => {
                // Most maps are small and live long, many millions of them: little room to spare, and not moved at each name.
                if self.0.len() == self.0.capacity() && self.0.len() < SMALL {
                    self.0.reserve_exact(STEP);
                }
                self.0.insert(index, (name.into(), value));
                None
            }
        }
    }

    /// Takes a name out and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let index = self.position(name).ok()?;
        Some(self.0.remove(index).1)
    }

    /// Names and values, by name; nulls too.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Names and values, by name; the values can be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.0
            .iter_mut()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no name at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The map in JSON as the outside sees it.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Object(
            self.iter()
                .map(|(name, value)| (name.to_owned(), value.to_json()))
                .collect(),
        )
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own.as_str().cmp(name))
    }
}

/// Whether these are one name; most differ in length already.
fn is(own: &CompactString, name: &str) -> bool {
    own.len() == name.len() && own.as_bytes() == name.as_bytes()
}

impl<N: Into<CompactString>> FromIterator<(N, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(pairs: I) -> Self {
        let mut map = Self::new();
        for (name, value) in pairs {
            let name: CompactString = name.into();
            map.insert(name, value);
        }
        map
    }
}

impl IntoIterator for Map {
    type Item = (CompactString, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
