//! # `empty-link` (a warning)
//!
//! **What it does.** Reports a template with `unsubscribe_url` or `preferences_url` where `kurant.yaml` doesn't say where it leads,
//! neither by `links` nor by `public`; and a link of `kurant.yaml` that is no Jinja.
//!
//! **Why it matters.** The link in the letter would lead nowhere.
//!
//! **Example.** `[Unsubscribe]({{ unsubscribe_url }})` in a workspace without `links`
//!
//! **Write instead.** `links: { unsubscribe: "https://shop.example/u?id={{ customer.id }}" }` in `kurant.yaml`

use kurant_engine::template;

use super::template_text::find;
use super::unknown_attribute;
use super::world::World;
use crate::diagnostic::{Diagnostic, Problem};
use crate::source::Span;

/// The links, and all templates that use them.
pub(super) fn check(world: &World<'_>) {
    let Some(workspace) = &world.parsed.workspace else {
        return;
    };
    if workspace.damaged {
        return;
    }
    for (name, link) in workspace.item.settings.links.by_name() {
        let key = name.trim_end_matches("_url");
        match link {
            Some(link) => jinja(world, &format!("links.{key}"), link),
            None if workspace.item.settings.public.is_some() => {}
            None => empty(world, name, key),
        }
    }
}

/// One line of `kurant.yaml` is missing, however many templates need it: the first of them is shown.
fn empty(world: &World<'_>, name: &str, key: &str) {
    let mut places = world.parsed.templates.iter().filter_map(|template| {
        let source = world.sources.get(template.file)?;
        let at = find(source.text(), name)?;
        Some(Span::new(template.file, at, at + name.len()))
    });
    let Some(first) = places.next() else { return };
    let more = match places.count() {
        0 => String::new(),
        1 => ", here and in another template".to_owned(),
        more => format!(", here and in {more} other templates"),
    };
    let message = format!("`{name}` is empty{more}: `kurant.yaml` does not say where it leads");
    let report = Diagnostic::warning("empty-link", first, message);
    world.push(report.help(format!(
        "add `links: {{ {key}: \"https://YOUR.SITE/{key}?id={{{{ customer.id }}}}\" }}` to `kurant.yaml`, or `public` for a page of Kurant's own"
    )));
}

fn jinja(world: &World<'_>, place: &str, link: &str) {
    let Some(workspace) = &world.parsed.workspace else {
        return;
    };
    let span = world.span(workspace.file, place);
    let environment = template::environment(workspace.item.timezone);
    let read = match environment.template_from_str(link) {
        Ok(read) => read,
        Err(error) => {
            let what = error
                .detail()
                .map_or_else(|| error.kind().to_string(), str::to_owned);
            let problem = Problem::new("template-syntax", format!("this is not Jinja: {what}"));
            world
                .diagnostics
                .report(span, problem.help("a value is written `{{ customer.id }}`"));
            return;
        }
    };
    for path in read.undeclared_variables(true) {
        let mut parts = path.split('.');
        if let (Some("customer"), Some(name)) = (parts.next(), parts.next())
            && let Some(problem) = unknown_attribute::of_name(world, name)
        {
            world.diagnostics.report(span, problem);
        }
    }
}
