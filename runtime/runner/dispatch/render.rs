//! Templates become messages.

use std::collections::BTreeMap;

use kurant_engine::definition::{Definitions, Links, Template};
use kurant_engine::map::Map;
use kurant_engine::template::environment;
use kurant_engine::value::Value;
use minijinja::Environment;

/// A message, ready to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// `txt`, `html`, `mjml` or `md`.
    pub format: String,
    /// `subject`, `preheader`.
    pub front: BTreeMap<String, String>,
    /// The text itself.
    pub body: String,
}

/// All templates of a workspace, compiled.
pub struct Renderer {
    environment: Environment<'static>,
    links: Links,
    templates: Vec<Template>,
    locale: String,
}

impl Renderer {
    /// The templates of these definitions. One that doesn't compile is left out: `check` names it.
    pub fn new(definitions: &Definitions) -> Self {
        let mut environment = environment(definitions.workspace.timezone);
        for (index, template) in definitions.templates.iter().enumerate() {
            for (field, text) in &template.front {
                let _ = environment.add_template_owned(format!("{index}/{field}"), text.clone());
            }
            let _ =
                environment.add_template_owned(body_name(index, template), template.body.clone());
        }
        let links = &definitions.workspace.settings.links;
        for (name, link) in links.by_name() {
            if let Some(link) = link {
                let _ = environment.add_template_owned(name, link.to_owned());
            }
        }
        Self {
            environment,
            links: links.clone(),
            templates: definitions.templates.clone(),
            locale: definitions.workspace.locale.clone(),
        }
    }

    /// Renders a template for a channel in the locale that comes nearest.
    ///
    /// # Errors
    /// What is wrong, in people's words.
    pub fn render(&self, name: &str, channel: &str, context: &Map) -> Result<Rendered, String> {
        let locale = match context.get("customer") {
            Some(Value::Map(customer)) => customer
                .get("locale")
                .and_then(Value::as_text)
                .unwrap_or_default(),
            _ => "",
        };
        let index = self
            .find(name, channel, locale)
            .ok_or_else(|| format!("there is no template `{name}` for the channel `{channel}`"))?;
        let template = &self.templates[index];
        let context = self.with_links(visible(context))?;
        let mut front = BTreeMap::new();
        for field in template.front.keys() {
            front.insert(
                field.clone(),
                self.text(&format!("{index}/{field}"), &context)?,
            );
        }
        let body = self.text(&body_name(index, template), &context)?;
        Ok(Rendered {
            format: template.extension.clone(),
            front,
            body,
        })
    }

    /// What a template sees, and the links that `kurant.yaml` gives.
    fn with_links(
        &self,
        mut fields: BTreeMap<String, minijinja::Value>,
    ) -> Result<minijinja::Value, String> {
        let seen = minijinja::Value::from(fields.clone());
        for (name, link) in self.links.by_name() {
            if link.is_some() {
                fields.insert(name.to_owned(), self.text(name, &seen)?.into());
            }
        }
        Ok(minijinja::Value::from(fields))
    }

    fn text(&self, name: &str, context: &minijinja::Value) -> Result<String, String> {
        let rendered = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(context.clone()));
        rendered.map_err(|error| format!("the template can't be rendered: {error}"))
    }

    /// `uk-UA`, then `uk`, then the workspace's, then the file without a locale.
    /// The template that would be rendered for a channel in a locale.
    pub fn template(&self, name: &str, channel: &str, locale: &str) -> Option<&Template> {
        let index = self.find(name, channel, locale)?;
        self.templates.get(index)
    }

    fn find(&self, name: &str, channel: &str, locale: &str) -> Option<usize> {
        let short = locale.split(['-', '_']).next().unwrap_or_default();
        let wanted = [Some(locale), Some(short), Some(self.locale.as_str()), None];
        wanted.into_iter().find_map(|locale| {
            self.templates.iter().position(|template| {
                template.name == name
                    && template.channel == channel
                    && template.locale.as_deref() == locale
            })
        })
    }
}

/// What a template sees: the context, and the fields of `data` by their names.
fn visible(context: &Map) -> BTreeMap<String, minijinja::Value> {
    let mut fields: BTreeMap<String, minijinja::Value> = BTreeMap::new();
    if let Some(Value::Map(data)) = context.get("data") {
        fields.extend(
            data.iter()
                .map(|(name, value)| (name.to_owned(), seen(value))),
        );
    }
    fields.extend(
        context
            .iter()
            .map(|(name, value)| (name.to_owned(), seen(value))),
    );
    fields
}

/// A value as templates have it. A decimal becomes a number that prints the same, or its text.
fn seen(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Decimal(decimal) => {
            let text = decimal.normalize().to_string();
            match text.parse::<f64>() {
                Ok(number) if number.to_string() == text => number.into(),
                _ => text.into(),
            }
        }
        Value::Text(text) => text.as_str().into(),
        Value::Instant(instant) => instant.to_string().into(),
        Value::Date(date) => date.to_string().into(),
        Value::List(values) => values.iter().map(seen).collect::<Vec<_>>().into(),
        Value::Map(map) => {
            let fields: BTreeMap<String, minijinja::Value> = map
                .iter()
                .map(|(name, value)| (name.to_owned(), seen(value)))
                .collect();
            fields.into()
        }
    }
}

fn body_name(index: usize, template: &Template) -> String {
    format!("{index}/body.{}", template.extension)
}

#[cfg(test)]
mod tests {
    use kurant_engine::calendar::Zone;
    use kurant_engine::definition::Workspace;

    use super::*;

    #[test]
    fn a_template_sees_the_links_that_the_workspace_gives() {
        let mut definitions = Definitions::new(Workspace::new("shop", Zone::UTC, "en"));
        definitions.workspace.settings.links.unsubscribe =
            Some("https://shop.example/u?id={{ customer.id }}&all=1".to_owned());
        definitions.templates.push(Template {
            name: "hello".to_owned(),
            channel: "email".to_owned(),
            locale: None,
            extension: "html".to_owned(),
            front: BTreeMap::new(),
            body: "<{{ unsubscribe_url }}> <{{ preferences_url }}>".to_owned(),
        });
        let customer = Map::from_iter([("id", Value::text("c1"))]);
        let context = Map::from_iter([("customer", Value::Map(customer))]);
        let rendered = Renderer::new(&definitions).render("hello", "email", &context);
        assert_eq!(
            rendered.expect("rendered").body,
            "<https:&#x2f;&#x2f;shop.example&#x2f;u?id=c1&amp;all=1> <>"
        );
    }
}
