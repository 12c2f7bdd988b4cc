//! Templates become messages.

use std::collections::BTreeMap;

use kurant_engine::definition::{Category, Definitions, Template, Workspace};
use kurant_engine::input::{Command, Effect};
use kurant_engine::map::Map;
use kurant_engine::markdown;
use kurant_engine::mjml;
use kurant_engine::provider::Button;
use kurant_engine::template::environment;
use kurant_engine::value::Value;
use minijinja::{Environment, HtmlEscape};

use super::culprit;
use super::track::Tracks;
use crate::channel::is_unfit;
use crate::public::{PublicLinks, Ticket};

/// A message, ready to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// `txt` or `html`; `md` of what is no letter.
    pub format: String,
    /// `subject`, `preheader`.
    pub front: BTreeMap<String, String>,
    /// What may be pressed below it.
    pub buttons: Vec<Button>,
    /// The text itself, without its preheader.
    pub body: String,
    /// What mail programs show beside the subject, as HTML; empty where there is none.
    pub(super) preheader: String,
    /// How those who get it get no more; none where nobody is asked whether they want it.
    pub(crate) unsubscribe: Option<Unsubscribe>,
}

/// How somebody unsubscribes from a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsubscribe {
    /// The page.
    pub(crate) url: String,
    /// Whether it is one of ours, which needs no more than one click.
    pub(crate) is_ours: bool,
}

impl Rendered {
    /// MJML becomes HTML once its values are filled in.
    fn become_html(&mut self) -> Result<(), String> {
        let html = mjml::to_html(&self.body).map_err(|wrong| {
            let what = wrong.what;
            format!("unfit: the template is no MJML once its values are filled in: {what}")
        })?;
        self.format = "html".to_owned();
        self.body = html.text;
        self.preheader = html.preview;
        Ok(())
    }

    /// A letter in Markdown becomes HTML.
    fn read_markdown(&mut self, language: &str) {
        self.body = markdown::to_html(&self.body, Some(language));
        self.format = "html".to_owned();
    }

    /// The preheader of the front matter goes before one in the text.
    fn take_preheader(&mut self) -> Result<(), String> {
        let Some(own) = self.front.get("preheader").map(|own| own.trim()) else {
            return Ok(());
        };
        if is_unfit(own) {
            return Err(
                "unfit: the preheader holds a line break, or a character that isn't seen"
                    .to_owned(),
            );
        }
        self.preheader = HtmlEscape(own).to_string();
        Ok(())
    }
}

/// All templates of a workspace, compiled.
pub struct Renderer {
    environment: Environment<'static>,
    workspace: Workspace,
    public: Option<PublicLinks>,
    templates: Vec<Template>,
}

impl Renderer {
    /// The templates of these definitions; links that nobody else serves lead to `public`. One that doesn't compile is left out:
    /// `check` names it.
    pub fn new(definitions: &Definitions, public: Option<PublicLinks>) -> Self {
        let mut environment = environment(definitions.workspace.timezone);
        for template in &definitions.templates {
            for (field, text) in &template.front {
                let _ = environment.add_template_owned(field_name(template, field), text.clone());
            }
            let _ = environment.add_template_owned(body_name(template), template.body.clone());
        }
        let links = &definitions.workspace.settings.links;
        for (name, link) in links.by_name() {
            if let Some(link) = link {
                let _ = environment.add_template_owned(name, link.to_owned());
            }
        }
        Self {
            environment,
            workspace: definitions.workspace.clone(),
            public,
            templates: definitions.templates.clone(),
        }
    }

    /// Renders a template for a channel in the locale that comes nearest, to be looked at.
    ///
    /// # Errors
    /// What is wrong, in people's words.
    pub fn render(&self, name: &str, channel: &str, context: &Map) -> Result<Rendered, String> {
        let ticket = Ticket::seen(channel, context);
        let (rendered, _) = self.rendered(name, channel, context, ticket)?;
        Ok(rendered)
    }

    /// Renders the message of a command, to be sent.
    ///
    /// # Errors
    /// What is wrong, in people's words.
    pub(crate) fn render_command(&self, command: &Command) -> Result<Rendered, String> {
        let Effect::Send {
            channel,
            template,
            context,
            category,
            ..
        } = &command.what
        else {
            return Err("unfit: only messages leave by a channel".to_owned());
        };
        let ticket = Ticket::of(command);
        let (mut rendered, unsubscribe) =
            self.rendered(template, channel, context, ticket.clone())?;
        if let Some((links, ticket)) = self.public.as_ref().zip(ticket.as_ref()) {
            // Whoever wants to get out is led there, and by nobody.
            let spared = unsubscribe.iter().map(|own| own.url.clone()).collect();
            let tracks = Tracks::of(
                self.workspace.settings.tracking,
                links,
                ticket,
                context,
                spared,
            );
            let body = std::mem::take(&mut rendered.body);
            rendered.body = tracks.put_into(&rendered.format, body);
        }
        // Whoever has paid is told so, whatever else they want.
        rendered.unsubscribe = unsubscribe.filter(|_| *category != Category::Transactional);
        Ok(rendered)
    }

    fn rendered(
        &self,
        name: &str,
        channel: &str,
        context: &Map,
        ticket: Option<Ticket>,
    ) -> Result<(Rendered, Option<Unsubscribe>), String> {
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
        let (context, unsubscribe) = self.with_links(visible(context), ticket)?;
        let mut front = BTreeMap::new();
        for field in template.front.keys() {
            front.insert(
                field.clone(),
                self.text(&field_name(template, field), &context)?,
            );
        }
        let body = self.text(&body_name(template), &context)?;
        let buttons = buttons(template, &mut front)?;
        let mut rendered = Rendered {
            format: template.extension.clone(),
            front,
            buttons,
            body,
            preheader: String::new(),
            unsubscribe: None,
        };
        match rendered.format.as_str() {
            "mjml" => rendered.become_html()?,
            "md" if self.workspace.takes_letters(channel) => {
                let locale = template.locale.as_deref();
                rendered.read_markdown(locale.unwrap_or(&self.workspace.locale));
            }
            // What is no letter stays as it is written.
            "md" => rendered.body = markdown::unshielded(&rendered.body),
            _ => {}
        }
        if rendered.format == "html" {
            rendered.take_preheader()?;
        }
        Ok((rendered, unsubscribe))
    }

    /// What a template sees, and the links: those that `kurant.yaml` gives, else to pages of ours.
    fn with_links(
        &self,
        mut fields: BTreeMap<String, minijinja::Value>,
        ticket: Option<Ticket>,
    ) -> Result<(minijinja::Value, Option<Unsubscribe>), String> {
        let seen = minijinja::Value::from(fields.clone());
        let public = self.public.as_ref();
        let own = public.and_then(|public| Some(public.of(&ticket?)));
        let own = own.map(|own| [own.unsubscribe, own.preferences]);
        let mut unsubscribe = None;
        for (number, (name, link)) in self
            .workspace
            .settings
            .links
            .by_name()
            .into_iter()
            .enumerate()
        {
            let own = own.as_ref().map(|own| own[number].clone());
            let url = match link {
                Some(_) => Some(self.text(name, &seen)?),
                None => own,
            };
            let Some(url) = url else { continue };
            if number == 0 {
                unsubscribe = Some(Unsubscribe {
                    url: url.clone(),
                    is_ours: link.is_none(),
                });
            }
            fields.insert(name.to_owned(), url.into());
        }
        Ok((minijinja::Value::from(fields), unsubscribe))
    }

    fn text(&self, name: &str, context: &minijinja::Value) -> Result<String, String> {
        let rendered = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(context.clone()));
        rendered.map_err(|error| {
            let source = self.environment.get_template(name);
            let source = source.as_ref().map_or("", |template| template.source());
            let line = culprit::line(&error, source, context);
            format!("the template can't be rendered: {error}{line}")
        })
    }

    /// The template that would be rendered for a channel in a locale.
    pub fn template(&self, name: &str, channel: &str, locale: &str) -> Option<&Template> {
        let index = self.find(name, channel, locale)?;
        self.templates.get(index)
    }

    /// `uk-UA`, then `uk`, then the workspace's, then the file without a locale.
    fn find(&self, name: &str, channel: &str, locale: &str) -> Option<usize> {
        let short = locale.split(['-', '_']).next().unwrap_or_default();
        let wanted = [
            Some(locale),
            Some(short),
            Some(self.workspace.locale.as_str()),
            None,
        ];
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

/// Takes the buttons out of the front matter. One without a text, or without an address, would be a dead end.
fn buttons(
    template: &Template,
    front: &mut BTreeMap<String, String>,
) -> Result<Vec<Button>, String> {
    let mut buttons = Vec::new();
    for number in 0..template.buttons() {
        let mut part = |part: &str| {
            let own = front.remove(&Template::button(number, part));
            own.unwrap_or_default().trim().to_owned()
        };
        let button = Button {
            text: part("text"),
            url: part("url"),
        };
        if button.text.is_empty() || is_unfit(&button.text) {
            return Err("unfit: a button has no text, or one of several lines".to_owned());
        }
        if button.url.is_empty() || button.url.contains(char::is_whitespace) {
            return Err("unfit: a button has no address, or one with a blank in it".to_owned());
        }
        buttons.push(button);
    }
    Ok(buttons)
}

/// What a template's body is called where it can't be rendered. Its lines are counted from the end of its front matter. The extension
/// stands at the end: what is escaped goes by it.
fn body_name(template: &Template) -> String {
    format!("the text of {}", file(template))
}

/// What a line of its front matter is called.
fn field_name(template: &Template, field: &str) -> String {
    format!("{}, {field}", file(template))
}

/// The file of a template.
fn file(template: &Template) -> String {
    let locale = template.locale.as_deref();
    let locale = locale.map_or(String::new(), |locale| format!(".{locale}"));
    let (name, channel, extension) = (&template.name, &template.channel, &template.extension);
    format!("templates/{name}/{channel}{locale}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurant_engine::calendar::Zone;

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
        let rendered = Renderer::new(&definitions, None).render("hello", "email", &context);
        assert_eq!(
            rendered.expect("rendered").body,
            "<https:&#x2f;&#x2f;shop.example&#x2f;u?id=c1&amp;all=1> <>"
        );
    }

    #[test]
    fn what_cannot_be_rendered_is_told_with_its_file() {
        for (front, body, place) in [
            (
                "Hello",
                "\n{{ 'x' | int }}",
                "the text of templates/hello/email.uk.md:2",
            ),
            (
                "{{ 'x' | int }}",
                "Hello",
                "templates/hello/email.uk.md, subject:1",
            ),
        ] {
            let mut definitions = Definitions::new(Workspace::new("shop", Zone::UTC, "uk"));
            definitions.templates.push(Template {
                name: "hello".to_owned(),
                channel: "email".to_owned(),
                locale: Some("uk".to_owned()),
                extension: "md".to_owned(),
                front: BTreeMap::from([("subject".to_owned(), front.to_owned())]),
                body: body.to_owned(),
            });
            let rendered = Renderer::new(&definitions, None).render("hello", "email", &Map::new());
            let why = rendered.map(|own| own.body).unwrap_err();
            assert!(why.contains(place), "{place}: {why}");
        }
    }
}
