//! Where the people of a world live.

use std::ops::{Index, IndexMut};

use crate::person::Person;

/// How many people stand side by side.
const PIECE: usize = 256;

/// People by their slots, in pieces that stay where they are: one vector would move everybody each time it grows, and need the
/// room twice.
#[derive(Default)]
pub(super) struct People(Vec<Vec<Person>>);

impl People {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self.0.split_last() {
            Some((last, full)) => full.len() * PIECE + last.len(),
            None => 0,
        }
    }

    /// Whether there is nobody.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds somebody, whose slot is the number of those before.
    pub(super) fn push(&mut self, person: Person) {
        match self.0.last_mut().filter(|last| last.len() < PIECE) {
            Some(last) => last.push(person),
            None => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(person);
                self.0.push(piece);
            }
        }
    }
}

impl Index<u32> for People {
    type Output = Person;

    fn index(&self, slot: u32) -> &Person {
        &self.0[slot as usize / PIECE][slot as usize % PIECE]
    }
}

impl IndexMut<u32> for People {
    fn index_mut(&mut self, slot: u32) -> &mut Person {
        &mut self.0[slot as usize / PIECE][slot as usize % PIECE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::Customer;

    #[test]
    fn everybody_is_found_under_the_number_of_those_before() {
        let mut people = People::default();
        assert!(people.is_empty());
        for slot in 0..1_000_u32 {
            assert_eq!(people.len(), slot as usize);
            people.push(Person::new(Customer::new(slot.to_string().into())));
        }
        people[700].customer.id = "other".into();
        for slot in [0, 255, 256, 511, 512, 999] {
            assert_eq!(*people[slot].customer.id, slot.to_string());
        }
        assert_eq!((people.len(), &*people[700].customer.id), (1_000, "other"));
    }
}
