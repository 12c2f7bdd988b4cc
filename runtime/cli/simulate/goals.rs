//! Who reached a journey's goal: of those who are treated, of those who are held out, and of each arm of a split.
//!
//! An arm is drawn by the customer's id, so everybody who entered belongs to one, also those who never got as far as the split.
//! They dilute all arms alike, and what is compared is what was drawn: nobody's own doing decides on which side they count.

use kurant_engine::definition::{Journey, Split};

/// How many entered, and how many of them reached the goal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Entries.
    pub(super) entered: u64,
    /// Those of them that reached the goal.
    pub(super) reached: u64,
}

/// How often a journey's goal was reached, and by whom.
#[derive(Debug, Clone)]
pub(super) struct Goals {
    /// Of customers who are treated.
    pub(super) treated: Reach,
    /// Of customers who are held out.
    pub(super) held_out: Reach,
    /// Of those who are treated, by split.
    pub(super) splits: Vec<Arms>,
}

/// The arms of a split.
#[derive(Debug, Clone)]
pub(super) struct Arms {
    /// The split's id.
    pub(super) id: String,
    /// Who fell to each arm, in the author's order.
    pub(super) reach: Vec<Reach>,
    /// What draws the arms.
    split: Split,
}

impl Arms {
    /// Each arm's name and who fell to it, in the author's order.
    pub(super) fn by_name(&self) -> impl Iterator<Item = (&str, &Reach)> {
        let names = self.split.arms.iter().map(|arm| arm.name.as_str());
        names.zip(&self.reach)
    }
}

/// What is counted of a customer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counted {
    /// An entry.
    Entered,
    /// The goal.
    Reached,
}

impl Reach {
    fn count(&mut self, what: Counted) {
        match what {
            Counted::Entered => self.entered += 1,
            Counted::Reached => self.reached += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.entered += other.entered;
        self.reached += other.reached;
    }
}

impl Goals {
    /// Nobody yet.
    pub(super) fn new(journey: &Journey) -> Self {
        let splits = journey.splits().into_iter().map(|(id, split)| Arms {
            id: id.to_owned(),
            reach: vec![Reach::default(); split.arms.len()],
            split: split.clone(),
        });
        Self {
            treated: Reach::default(),
            held_out: Reach::default(),
            splits: splits.collect(),
        }
    }

    /// Counts a customer who entered or reached the goal.
    pub(super) fn count(&mut self, journey: &Journey, customer: &str, what: Counted) {
        if journey.holds_out(customer) {
            return self.held_out.count(what);
        }
        self.treated.count(what);
        for own in &mut self.splits {
            let arm = own.split.arm_of(customer, &journey.id, &own.id);
            if let Some(reach) = arm.and_then(|place| own.reach.get_mut(place)) {
                reach.count(what);
            }
        }
    }

    /// Adds the numbers of another world.
    pub(super) fn add(&mut self, other: &Self) {
        self.treated.add(other.treated);
        self.held_out.add(other.held_out);
        for (own, other) in self.splits.iter_mut().zip(&other.splits) {
            for (own, other) in own.reach.iter_mut().zip(&other.reach) {
                own.add(*other);
            }
        }
    }
}
