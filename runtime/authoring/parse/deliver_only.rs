//! `deliver_only` in `kurant.yaml`: the addresses that messages may leave to.

use kurant_engine::definition::DeliverOnly;

use super::Context;
use crate::diagnostic::Problem;
use crate::yaml::Node;

/// Reads a list of addresses. Nothing after the colon is a mistake: whether it means nobody or everybody is too much to guess.
pub(super) fn read(context: &Context<'_>, node: &Node) -> DeliverOnly {
    if node.is_null() {
        let problem = Problem::new("missing-value", "`deliver_only` lists nobody");
        context.report(
            node.span,
            problem.help(
                "list addresses, like `deliver_only: [\"*@shop.example\"]`; `[]` is nobody at all",
            ),
        );
    }
    let items = node.one_or_many().iter();
    let addresses = items.filter_map(|item| context.diagnostics.keep(item.span, address(item)));
    DeliverOnly(addresses.collect())
}

/// An email address, a number, whatever a channel knows people by; or all of a domain, `*@shop.example`.
fn address(node: &Node) -> Result<String, Problem> {
    let text = node.text()?.trim();
    let is_address = match text.strip_prefix('*') {
        Some(domain) => domain.len() > 1 && domain.starts_with('@') && !domain.contains('*'),
        None => !text.is_empty() && !text.contains('*'),
    };
    match is_address {
        true => Ok(text.to_owned()),
        false => Err(Problem::bad_value(format!("`{text}` is no address"))
            .help("write an address as it stands with customers, or all of a domain: `\"*@shop.example\"`")),
    }
}
