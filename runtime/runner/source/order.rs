//! In which order a file of events is read.

use kurant_engine::decode::customer_of;

/// How many ids are looked at before it is known where they begin to differ.
const FIRST: usize = 1_000;
/// How much of an id makes its place.
const PART: usize = size_of::<u64>();

/// In which order the events of a file come. What happened to one customer comes in the order of its times in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As it happened: equal times keep the file's order.
    Time,
    /// Customer after customer, by their ids. Where nothing is started it makes no difference, and a store finds side by side
    /// what it has to write.
    Customer,
}

/// Gives customers places: by eight bytes of their ids, from where the first of them differ. Some may share a place.
#[derive(Debug)]
pub(super) struct Places {
    order: Order,
    /// The first ids, until it is known where they differ.
    first: Vec<Vec<u8>>,
    /// From where on they differ.
    differ: Option<usize>,
}

impl Places {
    pub(super) fn new(order: Order) -> Self {
        Self {
            order,
            first: Vec::new(),
            differ: None,
        }
    }

    /// The place of an event; none = it is known once there were more, or with [`Self::of_first`].
    pub(super) fn of(&mut self, event: &[u8]) -> Option<u64> {
        if self.order == Order::Time {
            return Some(0);
        }
        let id = customer_of(event).unwrap_or_default();
        if let Some(differ) = self.differ {
            return Some(place(id.as_bytes(), differ));
        }
        self.first.push(id.as_bytes().to_vec());
        None
    }

    /// Whether enough ids were looked at to say where they differ.
    pub(super) fn is_ready(&self) -> bool {
        self.first.len() >= FIRST
    }

    /// The places of the first, in the order of their coming; once.
    pub(super) fn of_first(&mut self) -> Vec<u64> {
        let first = std::mem::take(&mut self.first);
        let differ = *self.differ.get_or_insert_with(|| common(&first));
        first.iter().map(|id| place(id, differ)).collect()
    }
}

/// How many bytes all of them begin with, but for digits at the end: numbers of others may begin otherwise.
fn common(ids: &[Vec<u8>]) -> usize {
    let Some((first, others)) = ids.split_first() else {
        return 0;
    };
    let alike = |other: &Vec<u8>| first.iter().zip(other).take_while(|(a, b)| a == b).count();
    let least = others.iter().map(alike).min().unwrap_or(0);
    let number = first[..least].iter().rev();
    least - number.take_while(|byte| byte.is_ascii_digit()).count()
}

fn place(id: &[u8], differ: usize) -> u64 {
    let rest = id.get(differ..).unwrap_or_default();
    let mut part = [0; PART];
    let length = rest.len().min(PART);
    part[..length].copy_from_slice(&rest[..length]);
    u64::from_be_bytes(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(order: Order, ids: &[&str]) -> Vec<u64> {
        let mut places = Places::new(order);
        let mut found = Vec::new();
        for id in ids {
            let event = format!(r#"{{"subject":"{id}","data":{{}}}}"#);
            match places.of(event.as_bytes()) {
                Some(place) => found.push(place),
                None if places.is_ready() => found.extend(places.of_first()),
                None => {}
            }
        }
        found.extend(places.of_first());
        found
    }

    #[test]
    fn customers_stand_in_the_order_of_their_ids_behind_what_all_begin_with() {
        let ids: Vec<String> = (0..3_000)
            .map(|n| format!("customer-of-the-shop-{:06}", n * 7))
            .collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let found = places(Order::Customer, &ids);
        assert_eq!(found.len(), ids.len());
        assert!(found.is_sorted_by(|one, next| one < next), "{found:?}");
    }

    #[test]
    fn one_customer_has_one_place_however_the_id_is_written() {
        let found = places(Order::Customer, &["anna", "\\u0061nna", "bob", "", "anna"]);
        assert_eq!(found[0], found[1]);
        assert_eq!(found[0], found[4]);
        assert!(found[3] < found[0] && found[0] < found[2]);
    }

    #[test]
    fn in_the_order_of_times_nobody_has_a_place() {
        assert_eq!(places(Order::Time, &["a", "b"]), [0, 0]);
    }
}
