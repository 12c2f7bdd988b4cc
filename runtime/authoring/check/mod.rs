//! The checks of meaning: what is well written and yet means nothing. One rule a file; its doc comment is its page in the book.
//!
//! The rules see all of a workspace at once, also when parts of it could not be read: what may stand in an unreadable part is not
//! reported a second time. Scripts are walked as trees ([`script`]); every finding inside one is led back to its place in the file.

mod anchor;
mod buttons;
mod dead_link;
mod empty_link;
mod endless_wait;
mod few_codes;
mod forgotten_equals;
mod goal_while_inside;
mod kept_too_short;
mod library;
mod markdown_as_it_stands;
mod minutes_or_months;
mod missing_field;
mod misspelt_data;
mod mixed_types;
mod mjml;
mod never_capped;
mod never_open;
mod no_event;
mod no_round;
mod no_subject;
mod not_a_condition;
mod own_value;
mod past_wait;
mod provider_settings;
mod same_fallback;
mod scenario;
mod scope;
mod script;
mod scripts;
mod segment_cycle;
mod set_values;
mod shape;
mod shared_codes;
mod site;
pub(crate) mod slips;
mod syntax;
mod team_event;
pub(crate) mod template_calls;
mod template_text;
mod trigger_field;
mod unknown_attribute;
mod unknown_channel;
mod unknown_coupon_pool;
mod unknown_event;
mod unknown_field;
mod unknown_function;
mod unknown_journey;
mod unknown_name;
mod unknown_pool;
mod unknown_segment;
mod unknown_template;
mod unknown_value;
mod unknown_variable;
mod unreachable;
mod unsubscribe;
mod untraceable;
mod unused_variable;
mod walk;
mod webhook_address;
mod world;
mod wrong_arguments;
mod wrong_result;

#[cfg(test)]
mod tests;

use kurant_engine::definition::Script;
use script::Wanted;
use walk::Walk;
use world::World;

use crate::diagnostic::Diagnostics;
use crate::parse::Parsed;
use crate::places::Places;
use crate::source::{FileId, Sources};

/// Reports everything that is well written and yet means nothing.
pub(crate) fn run(parsed: &Parsed, places: &Places, sources: &Sources, diagnostics: &Diagnostics) {
    let mut world = World::new(parsed, places, sources, diagnostics);
    library::read(&mut world);
    let world = world;
    let walks: Vec<Walk<'_>> = parsed.journeys.iter().map(Walk::of).collect();
    library::check(&world);
    scripts::check(&world, &walks);
    unknown_event::check(&world, &walks);
    team_event::check(&world, &walks);
    unknown_channel::check(&world, &walks);
    unknown_segment::check(&world, &walks);
    unknown_template::check(&world, &walks);
    unknown_pool::check(&world, &walks);
    unknown_coupon_pool::check(&world, &walks);
    unknown_journey::check(&world, &walks);
    anchor::check(&world, &walks);
    unreachable::check(&world, &walks);
    endless_wait::check(&world, &walks);
    goal_while_inside::check(&world, &walks);
    minutes_or_months::check(&world, &walks);
    past_wait::check(&world, &walks);
    missing_field::check(&world, &walks);
    kept_too_short::check(&world);
    never_capped::check(&world);
    never_open::check(&world, &walks);
    same_fallback::check(&world, &walks);
    few_codes::check(&world, &walks);
    shared_codes::check(&world, &walks);
    segment_cycle::check(&world);
    untraceable::check(&world, &walks);
    unused_variable::check(&world, &walks);
    template_text::check(&world, &walks);
    misspelt_data::check(&world, &walks);
    unsubscribe::check(&world, &walks);
    empty_link::check(&world);
    no_subject::check(&world);
    buttons::check(&world);
    mjml::check(&world);
    markdown_as_it_stands::check(&world);
    dead_link::check(&world);
    provider_settings::check(&world);
    webhook_address::check(&world, &walks);
    forgotten_equals::check(&world, &walks);
    scenario::check(&world, &walks);
}

/// Reports what is wrong with a condition about a customer that is the whole of a text, outside of the workspace's own files.
pub(crate) fn condition(
    parsed: &Parsed,
    sources: &Sources,
    file: FileId,
    diagnostics: &Diagnostics,
) {
    let places = Places::default();
    let mut world = World::new(parsed, &places, sources, diagnostics);
    library::read(&mut world);
    let text = sources.get(file).map_or("", |source| source.text());
    let (site, scope) = (world.site(file, None), world.declared.in_segment());
    let script = Script::new(text, sources.path(file));
    script::check_at(&world, site, &script, &scope, Wanted::Condition);
}
