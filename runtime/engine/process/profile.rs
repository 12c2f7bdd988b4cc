//! What an event changes in the profile.

use std::sync::Arc;

use super::Work;
use crate::calendar::Instant;
use crate::catalog::Catalog;
use crate::catalog::program::Op;
use crate::customer::{Customer, Suppressed};
use crate::event::{ADDRESS_HASH, Event, FEEDBACK};
use crate::input::{ERASED, Trace};
use crate::map::Map;
use crate::value::Value;

/// How many addresses are remembered per customer that nothing is sent to any more.
const SUPPRESSED_REMEMBERED: usize = 20;

impl Work<'_> {
    /// Applies what an event says of the customer itself: attributes, consent, erasure. Whether anything changed.
    pub(crate) fn update_profile(&mut self, event: &Event) -> bool {
        let is_known = self.is_in_profile(event);
        let mut changed = !is_known && self.merge_attributes(&event.attributes, event.time);
        match &*event.kind {
            "customer.created" | "customer.updated" if is_known => {}
            "customer.created" | "customer.updated" => {
                changed |= self.merge_attributes(&event.data, event.time)
            }
            "consent.changed" => changed |= self.change_consent(event, None),
            "message.unsubscribed" => {
                changed |= self.change_consent(event, Some(false));
                if says(event, "complaint") {
                    changed |= self.suppress(event, "complained");
                }
            }
            // One that is soft says nothing of the address.
            "message.bounced" if says(event, "soft") => {}
            "message.bounced" => changed |= self.suppress(event, "bounced"),
            "customer.erased" => {
                self.erase(event.time, Map::new());
                changed = true;
            }
            _ => {}
        }
        changed
    }

    /// Whether an import said that the attributes hold this event already.
    fn is_in_profile(&self, event: &Event) -> bool {
        self.person.as_of.is_some_and(|as_of| event.time <= as_of)
    }

    /// The customer as `profile.yaml` has to read it, where the event itself changes the profile.
    pub(crate) fn before(&self, event: &Event) -> Option<Customer> {
        let changes = !event.attributes.is_empty()
            || event.kind.starts_with("message.")
            || matches!(
                &*event.kind,
                "customer.created" | "customer.updated" | "consent.changed"
            );
        let asked = self.catalog.index().updates.contains_key(&*event.kind);
        (changes && asked).then(|| self.person.customer.clone())
    }

    /// Applies the `profile.yaml` entries for this event. All read the profile as it was before the event: `before`, if the event
    /// itself has changed it.
    pub(crate) fn apply_updates(&mut self, event: &Arc<Event>, before: Option<Customer>) {
        if self.is_in_profile(event) {
            return;
        }
        let Some(before) = before else {
            let values = self.updates(event);
            self.merge_attributes(&values, event.time);
            return;
        };
        let after = std::mem::replace(&mut self.person.customer, before);
        let zone = std::mem::replace(&mut self.zone, self.catalog.zone(self.person));
        let values = self.updates(event);
        self.person.customer = after;
        self.zone = zone;
        self.merge_attributes(&values, event.time);
    }

    /// What `profile.yaml` makes of an event; an attribute whose expression fails is not among it.
    fn updates(&mut self, event: &Arc<Event>) -> Map {
        let mut values = Map::new();
        let catalog = self.catalog;
        let Some(updates) = catalog.index().updates.get(&*event.kind) else {
            return values;
        };
        let frame = self.frame(Some(event));
        for update in updates {
            for own in &catalog.definitions().profile[*update].set {
                let own = std::slice::from_ref(own);
                match self.compute_attributes(catalog.scripts(), own, &frame) {
                    Ok(worked_out) => {
                        for (name, value) in worked_out {
                            values.insert(name, value);
                        }
                    }
                    Err(error) => self.trace_profile_error(&own[0].0, &error),
                }
            }
        }
        values
    }

    /// Gives an attribute a value; null removes it. Whether it was another one.
    pub(crate) fn set_attribute(&mut self, attribute: &str, value: Value) -> bool {
        let attributes = &mut self.person.customer.attributes;
        if attributes.get(attribute) == Some(&value)
            || (value.is_null() && attributes.get(attribute).is_none())
        {
            return false;
        }
        if value.is_null() {
            attributes.remove(attribute);
        } else {
            attributes.insert(attribute, value);
        }
        self.note_changed(attribute);
        true
    }

    /// Merges attributes that the CRM sent, a step sets or `profile.yaml` works out. Consents and topics are no mere values.
    pub(crate) fn merge_attributes(&mut self, attributes: &Map, at: Instant) -> bool {
        let mut changed = false;
        for (name, value) in attributes.iter() {
            changed |= match (name, value) {
                ("id", _) => false,
                ("consents", Value::Map(consents)) => self.merge_consents(consents, at),
                ("topics", Value::Map(topics)) => self.merge_topics(topics),
                _ => self.set_attribute(name, value.clone()),
            };
        }
        changed
    }

    fn merge_consents(&mut self, consents: &Map, at: Instant) -> bool {
        let mut changed = false;
        for (channel, granted) in consents.iter() {
            let granted = *granted == Value::Bool(true);
            changed |= self.person.customer.merge_consent(channel, granted, at);
        }
        self.stirred |= changed;
        changed
    }

    fn merge_topics(&mut self, topics: &Map) -> bool {
        let changed = self.person.customer.merge_topics(topics);
        self.stirred |= changed;
        changed
    }

    /// `consent.changed`, or a message that was unsubscribed from. The later word holds; on a tie, the "no".
    fn change_consent(&mut self, event: &Event, fixed: Option<bool>) -> bool {
        let Some(channel) = event.data.get("channel").and_then(Value::as_text) else {
            return false;
        };
        let granted = fixed.unwrap_or(event.data.get("granted") == Some(&Value::Bool(true)));
        let known = self
            .person
            .customer
            .consents
            .iter()
            .find(|own| own.channel == channel);
        let stale = known.is_some_and(|own| {
            own.at > event.time || (granted && !own.granted && own.at == event.time)
        });
        let customer = &mut self.person.customer;
        let changed = !stale && customer.set_consent(channel, granted, event.time);
        if changed {
            self.stirred = true;
            self.trace_consent(event, channel, granted);
        }
        changed
    }

    /// A message bounced, or was called unwanted: nothing is sent any more to the address that the customer has for its channel, unless
    /// the message went to another one.
    fn suppress(&mut self, event: &Event, why: &str) -> bool {
        let Some(channel) = event.data.get("channel").and_then(Value::as_text) else {
            return false;
        };
        let customer = &mut self.person.customer;
        let Some(address) = customer.address(channel).map(ToOwned::to_owned) else {
            return false;
        };
        let elsewhere = match address_hash(event) {
            Some(hash) => hash != Customer::address_hash(&address),
            None => went_elsewhere(self.catalog, event),
        };
        if elsewhere || customer.is_suppressed(channel, &address) {
            return false;
        }
        if customer.suppressed.len() >= SUPPRESSED_REMEMBERED {
            customer.suppressed.remove(0);
        }
        let channel = channel.into();
        customer.suppressed.push(Suppressed { channel, address });
        self.stirred = true;
        self.trace_event(event, "suppressed", why);
        true
    }

    /// Forgets the person: what is left says only that nothing may be sent and nothing come back.
    pub(super) fn erase(&mut self, at: Instant, said: Map) {
        for index in 0..self.person.enrollments.len() {
            self.end(index, "erased");
        }
        self.changes.note(Trace {
            clock: self.clock,
            at: self.now,
            journey: None,
            enrollment: None,
            place: None,
            what: ERASED.to_owned(),
            reason: None,
            values: said,
            after: 0,
        });
        let mut customer = Customer::new(self.person.customer.id.clone());
        customer.erased = Some(at);
        self.person.customer = customer;
        self.person.enrollments.clear();
        // Keys and occasions tell of the person too: a cart, a birthday's year, when something was bought.
        self.person.entries.clear();
        self.person.judged.clear();
        self.person.queue.clear();
        self.person.sends.clear();
        self.person.history.clear();
        self.person.memberships.clear();
        self.person.segments_due = None;
        self.silent = true;
    }
}

/// Whether an event says so.
fn says(event: &Event, what: &str) -> bool {
    event.data.get(what) == Some(&Value::Bool(true))
}

/// What the message's address is told by. Only we know it: of others it is no word that counts.
pub(super) fn address_hash(event: &Event) -> Option<&str> {
    let hash = event
        .data
        .get(ADDRESS_HASH)
        .filter(|_| &*event.source == FEEDBACK);
    hash.and_then(Value::as_text)
}

/// Whether the message was sent to another address than the customer's own, by `to`.
fn went_elsewhere(catalog: &Catalog, event: &Event) -> bool {
    let named = |name| event.data.get(name).and_then(Value::as_text);
    let loaded = named("journey").and_then(|journey| catalog.journey(journey));
    let mut nodes = loaded.into_iter().flat_map(|own| own.program.nodes());
    nodes.any(|node| {
        matches!(&node.op, Op::Send { send, .. } if send.to.is_some())
            && Some(&*node.name) == named("step")
    })
}
