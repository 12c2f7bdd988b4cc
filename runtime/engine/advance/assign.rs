//! `assign`: gives the customer an owner from a pool.

use super::Flow;
use crate::action::ActionStatus;
use crate::catalog::program::Node;
use crate::definition::{Assign, AssignBy, Pool};
use crate::enrollment::Place;
use crate::map::Map;
use crate::process::Work;
use crate::value::Value;

impl Work<'_> {
    /// Chooses a person, or waits for the pool's hours.
    pub(super) fn assign(
        &mut self,
        index: usize,
        number: u32,
        node: &Node,
        assign: &Assign,
    ) -> Flow {
        let catalog = self.catalog;
        let workspace = catalog.workspace();
        let pool = workspace.pools.iter().find(|pool| pool.name == assign.pool);
        if let Some(pool) = pool
            && let Some(hours) = &pool.hours
        {
            let zone = pool.timezone.unwrap_or(workspace.timezone);
            if !hours.is_open(self.now, zone) {
                return Flow::Stay(Place::Assigning {
                    node: number,
                    due: hours.next_open(self.now, zone),
                });
            }
        }
        let chosen = pool.and_then(|pool| self.choose_person(pool, assign.by));
        let mut data = Map::new();
        data.insert("pool", Value::text(assign.pool.as_str()));
        match chosen {
            Some(person) => {
                self.hand_to(&person);
                data.insert("owner", Value::text(person));
                self.tell_crm(index, number, node, "assign", data);
            }
            None => {
                let key = self.action_key(index, number, 0);
                let mut action = self.action(index, node, key, "assign", data);
                action.status = ActionStatus::Skipped;
                action.reason = Some("nobody_available".into());
                self.changes.actions.push(action);
            }
        }
        Flow::Next(node.next)
    }

    /// Who of those at work is next; none when all are away.
    fn choose_person(&mut self, pool: &Pool, by: AssignBy) -> Option<String> {
        let turn = self.desk.turns.get(&pool.name).copied().unwrap_or(0);
        let in_turn = (0..pool.people.len()).map(|step| (turn + step) % pool.people.len());
        let mut at_work = in_turn.filter(|number| !self.desk.away.contains(&pool.people[*number]));
        let number = match by {
            AssignBy::RoundRobin => at_work.next()?,
            AssignBy::LeastLoaded => at_work.min_by_key(|number| {
                self.desk
                    .given
                    .get(&pool.people[*number])
                    .copied()
                    .unwrap_or(0)
            })?,
        };
        self.desk
            .turns
            .insert(pool.name.clone(), (number + 1) % pool.people.len());
        Some(pool.people[number].clone())
    }

    fn hand_to(&mut self, person: &str) {
        if let Some(before) = self.person.customer.text("owner")
            && let Some(given) = self.desk.given.get_mut(before)
        {
            *given = given.saturating_sub(1);
        }
        *self.desk.given.entry(person.to_owned()).or_default() += 1;
        self.set_attribute("owner", Value::text(person));
    }
}
