//! To whom messages may leave at all, where a workspace must not write to everybody: one that tries things out, say.

use serde::{Deserialize, Serialize};

/// Addresses; whoever has another one gets nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverOnly(pub Vec<String>);

impl DeliverOnly {
    /// Whether a message may leave to an address: it stands in the list as it is, or in other letters or other spacing, or by its
    /// domain, as `*@shop.example`.
    pub fn allows(&self, address: &str) -> bool {
        let address = plain(address);
        self.0.iter().any(|own| match own.trim().strip_prefix('*') {
            Some(end) => end.starts_with('@') && address.ends_with(&plain(end)) && is_one(&address),
            None => plain(own) == address,
        })
    }
}

/// An address without what people write one in different ways with.
fn plain(address: &str) -> String {
    let is_dressing = |c: &char| c.is_whitespace() || matches!(c, '-' | '(' | ')');
    // In an email address a dash means something.
    match address.contains('@') {
        true => address.trim().to_lowercase(),
        false => address.chars().filter(|c| !is_dressing(c)).collect(),
    }
}

/// Whether it is one email address: several in a row would end as the last one does.
fn is_one(address: &str) -> bool {
    let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"');
    address.matches('@').count() == 1 && !address.contains(is_between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_however_it_is_written() {
        let own = [
            "Anna@Shop.example",
            "+380 67 123-45-67",
            "*@team.example",
            "*",
        ];
        let own = DeliverOnly(own.map(str::to_owned).into());
        for (address, allowed) in [
            ("anna@shop.example", true),
            ("ANNA@shop.example", true),
            ("+380671234567", true),
            ("olha@team.example", true),
            ("anna@real.example, olha@team.example", false),
            ("anna@real.example;olha@team.example", false),
            ("anna <olha@team.example", false),
            ("olha@other-team.example", false),
            ("olha@team.example.com", false),
            ("+380671234568", false),
            ("", false),
        ] {
            assert_eq!(own.allows(address), allowed, "{address}");
        }
        assert!(
            !DeliverOnly::default().allows("anna@shop.example"),
            "nobody"
        );
    }
}
