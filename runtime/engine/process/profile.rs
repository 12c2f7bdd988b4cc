//! What an event changes in the profile.

use std::sync::Arc;

use super::Work;
use crate::calendar::Instant;
use crate::customer::{Consent, Customer};
use crate::event::Event;
use crate::map::Map;
use crate::value::Value;

impl Work<'_> {
    /// Applies what an event says of the customer itself: attributes, consent, erasure. Whether anything changed.
    pub(crate) fn update_profile(&mut self, event: &Event) -> bool {
        let is_known = self.is_in_profile(event);
        let mut changed = !is_known && self.merge_attributes(&event.attributes);
        match &*event.kind {
            "customer.created" | "customer.updated" if is_known => {}
            "customer.created" | "customer.updated" => {
                changed |= self.merge_attributes(&event.data)
            }
            "consent.changed" => changed |= self.change_consent(event, None),
            "message.unsubscribed" => changed |= self.change_consent(event, Some(false)),
            "customer.erased" => {
                self.erase(event.time);
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

    /// Applies the `profile.yaml` entries for this event. All read the profile as it was before the event.
    pub(crate) fn apply_updates(&mut self, event: &Arc<Event>) {
        let Some(updates) = self.catalog.index().updates.get(&*event.kind) else {
            return;
        };
        if self.is_in_profile(event) {
            return;
        }
        let frame = self.frame(Some(event));
        let mut values = Vec::new();
        for update in updates {
            for (attribute, computed) in &self.catalog.definitions().profile[*update].set {
                match self.compute(self.catalog.scripts(), computed, &frame) {
                    Ok(value) => values.push((attribute, value)),
                    Err(error) => self.trace_profile_error(attribute, &error),
                }
            }
        }
        for (attribute, value) in values {
            self.set_attribute(attribute, value);
        }
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

    /// Merges attributes that the CRM sent.
    fn merge_attributes(&mut self, attributes: &Map) -> bool {
        let mut changed = false;
        for (name, value) in attributes.iter() {
            changed |= match (name, value) {
                ("id", _) => false,
                ("consents", Value::Map(consents)) => self.merge_consents(consents),
                ("topics", Value::Map(topics)) => self.merge_topics(topics),
                _ => self.set_attribute(name, value.clone()),
            };
        }
        changed
    }

    /// Consents as a snapshot says. A withdrawn one is never given again this way: a nightly snapshot may be older than last
    /// night's unsubscribe.
    fn merge_consents(&mut self, consents: &Map) -> bool {
        let mut changed = false;
        for (channel, granted) in consents.iter() {
            let granted = *granted == Value::Bool(true);
            let known = self
                .person
                .customer
                .consents
                .iter()
                .any(|own| own.channel == channel);
            if !granted || !known {
                changed |= self.set_consent(channel, granted, Instant::MIN);
            }
        }
        changed
    }

    fn merge_topics(&mut self, topics: &Map) -> bool {
        let opted_out = &mut self.person.customer.opted_out;
        let before = opted_out.clone();
        for (topic, wanted) in topics.iter() {
            opted_out.retain(|own| own != topic);
            if *wanted == Value::Bool(false) {
                opted_out.push(topic.to_owned());
            }
        }
        let changed = *opted_out != before;
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
        !stale && self.set_consent(channel, granted, event.time)
    }

    fn set_consent(&mut self, channel: &str, granted: bool, at: Instant) -> bool {
        let consents = &mut self.person.customer.consents;
        let Some(own) = consents.iter_mut().find(|own| own.channel == channel) else {
            consents.push(Consent {
                channel: channel.into(),
                granted,
                at,
            });
            self.stirred = true;
            return true;
        };
        let changed = own.granted != granted;
        own.granted = granted;
        own.at = own.at.max(at);
        self.stirred |= changed;
        changed
    }

    /// Forgets the person: what is left says only that nothing may be sent and nothing come back.
    fn erase(&mut self, at: Instant) {
        for index in 0..self.person.enrollments.len() {
            self.end(index, "erased");
        }
        let mut customer = Customer::new(self.person.customer.id.clone());
        customer.erased = Some(at);
        self.person.customer = customer;
        self.person.enrollments.retain(|enrollment| {
            enrollment
                .ended
                .as_ref()
                .is_some_and(|ended| ended.at == self.now)
        });
        self.person.queue.clear();
        self.person.sends.clear();
        self.person.history.clear();
        self.person.memberships.clear();
        self.person.segments_due = None;
        self.silent = true;
    }
}
