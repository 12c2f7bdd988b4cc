//! One event in twenty bytes, so that years of a big shop can be sorted beside little memory.

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Somebody new.
    Joined,
    /// The card was corrected: another birthday.
    BirthdayCorrected,
    /// `consent.changed` to no.
    ConsentWithdrawn,
    /// A cart was filled; without items it was emptied.
    Cart,
    /// Paid on the site.
    PaidOnline,
    /// Paid in a shop.
    PaidInShop,
    /// Paid by phone.
    PaidByPhone,
    /// A manager wrote or called.
    LeadContacted,
    /// The lead answered.
    LeadReplied,
    /// The lead was closed.
    LeadClosed,
}

const ALL: [What; 10] = [
    What::Joined,
    What::BirthdayCorrected,
    What::ConsentWithdrawn,
    What::Cart,
    What::PaidOnline,
    What::PaidInShop,
    What::PaidByPhone,
    What::LeadContacted,
    What::LeadReplied,
    What::LeadClosed,
];

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// Seconds since the period began.
    pub(super) at: u32,
    /// The customer's number.
    pub(super) customer: u32,
    /// What happened.
    pub(super) what: What,
    /// How many things, or which channel, or whether a lead was won.
    pub(super) detail: u8,
    /// Which of the customer's orders or leads.
    pub(super) number: u16,
    /// Which of the customer's carts.
    pub(super) cart: u16,
    /// In kopecks.
    pub(super) total: u32,
}

impl Record {
    /// How long it is when written.
    pub(super) const BYTES: usize = 20;

    /// The record as bytes.
    pub(super) fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0..4].copy_from_slice(&self.at.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.customer.to_le_bytes());
        bytes[8] = self.what as u8;
        bytes[9] = self.detail;
        bytes[10..12].copy_from_slice(&self.number.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.cart.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.total.to_le_bytes());
        bytes
    }

    /// The record of these bytes.
    pub(super) fn decode(bytes: &[u8; Self::BYTES]) -> Self {
        let long = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        Self {
            at: long(0),
            customer: long(4),
            what: ALL[usize::from(bytes[8]) % ALL.len()],
            detail: bytes[9],
            number: short(10),
            cart: short(12),
            total: long(16),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_bytes() {
        for (place, what) in ALL.into_iter().enumerate() {
            let record = Record {
                at: 90_000_000,
                customer: 1_800_000,
                what,
                detail: 7,
                number: 300,
                cart: place as u16,
                total: u32::MAX,
            };
            assert_eq!(Record::decode(&record.encode()), record);
        }
    }
}
