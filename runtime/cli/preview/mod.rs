//! `kurant preview`: a message as a customer would get it. Nothing is sent, and nothing is written but the file to look at.

mod sample;
mod seen;
mod sms;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::definition::{Definitions, Template};
use kurant_engine::map::Map;
use kurant_engine::value::Value;
use kurant_runner::{Clock, Rendered, Renderer};

use crate::embedded;
use crate::error::Error;
use crate::folder::Folder;
use crate::public;
use crate::workspace::{self, likely};

use self::seen::Seen;

/// Where the files to look at go.
const FOLDER: &str = ".kurant/preview";

/// Arguments of `kurant preview`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant preview birthday-gift --customer c42                  by every channel that it has\n  \
    kurant preview birthday-gift --customer c42 --channel sms    with its length in parts\n  \
    kurant preview birthday-gift --customer c42 --locale uk\n  \
    kurant preview order-paid --customer c42 --event order.json  an event's data, instead of the customer's last one\n  \
    kurant preview coupon --customer c42 --data '{\"code\":\"SPRING\"}'\n  \
    kurant preview coupon --sample journeys/coupon.test.yaml     as the customer of a test, with its events\n  \
    kurant preview coupon --sample anna.json                     a customer that somebody made up\n\n\
    An email in Markdown, HTML or MJML is written to .kurant/preview too, to open in a browser; what stands below is what those read who see no HTML.")]
pub(crate) struct Args {
    /// The template's name: its folder within templates/
    template: String,
    /// Who would get it
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// A made-up customer instead of one in the store: a JSON file, or a journey's test, whose first customer it is unless
    /// --customer names another
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// By which channel; every one that the template has, unless told
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// In which language, instead of the customer's
    #[arg(long, value_name = "LOCALE")]
    locale: Option<String>,
    /// An event or its data, a JSON file; the customer's last one that starts a journey with this template, unless told
    #[arg(long, value_name = "FILE.json")]
    event: Option<PathBuf>,
    /// What a step gives it as `data`, as JSON
    #[arg(long, value_name = "JSON", default_value = "{}")]
    data: String,
}

/// Shows the messages on standard output.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let (definitions, compiled) = workspace::definitions(folder)?;
    if args.customer.is_none() && args.sample.is_none() {
        return Err(Error::usage("whom would it go to?").hint(
            "`--customer ID` shows it to somebody in the store, `--sample FILE` to a customer that somebody made up",
        ));
    }
    let channels = channels(&definitions, args)?;
    let data = match serde_json::from_str::<Value>(&args.data) {
        Ok(Value::Map(data)) => data,
        _ => {
            let message = format!("--data is no JSON object: {}", args.data);
            return Err(Error::usage(message).hint("write it like '{\"code\":\"SPRING\"}'"));
        }
    };
    let now = Clock::real().now();
    let catalog = Catalog::load(&definitions, &[], Acting::Live)
        .map_err(|error| Error::failure(error.to_string()))?;
    let kinds = seen::starting(&catalog, &definitions, &args.template);
    let asked = args.customer.as_deref();
    let person = match &args.sample {
        Some(path) => sample::person(folder, &definitions, &compiled, path, asked)?,
        None => {
            let id = asked.unwrap_or_default();
            embedded::runtime()?.block_on(seen::stored(folder, &definitions, &kinds, id))?
        }
    };
    let seen = Seen::of(&catalog, &kinds, person, args, now)?;
    let context = context(&seen, data, args.locale.as_deref());
    let pages = definitions.workspace.settings.public.as_ref();
    let links = pages.map(|pages| public::links(folder, pages));
    let links = match links.transpose() {
        Ok(links) => links,
        Err(error) => {
            eprintln!(
                "without the links to Kurant's own pages: {}",
                error.message()
            );
            None
        }
    };
    let renderer = Renderer::new(&definitions, links);
    let mut text = String::new();
    let mut is_whole = true;
    for channel in channels {
        let locale = seen.locale(args.locale.as_deref());
        let template = renderer.template(&args.template, channel, &locale);
        let title = template.map_or_else(|| channel.to_owned(), |own| title(own, channel));
        _ = writeln!(text, "{title}");
        match renderer.render(&args.template, channel, &context) {
            Ok(rendered) => show(&mut text, folder, &args.template, channel, &rendered)?,
            Err(why) => {
                is_whole = false;
                _ = writeln!(text, "  it can't be made, and would be given up: {why}\n");
            }
        }
    }
    write!(io::stdout(), "{text}")?;
    eprint!("{}", seen.about());
    Ok(match is_whole {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    })
}

/// The channels that are asked for, of those that the template has.
fn channels<'d>(definitions: &'d Definitions, args: &Args) -> Result<Vec<&'d str>, Error> {
    let own = definitions.templates.iter();
    let own = own.filter(|template| template.name == args.template);
    let mut has: Vec<&str> = own.map(|template| template.channel.as_str()).collect();
    has.sort_unstable();
    has.dedup();
    if has.is_empty() {
        let all = definitions.templates.iter();
        let mut names: Vec<&str> = all.map(|template| template.name.as_str()).collect();
        names.dedup();
        let message = format!("there is no template `{}`", args.template);
        return Err(Error::usage(message).hint(likely(&args.template, &names)));
    }
    match &args.channel {
        None => Ok(has),
        Some(name) if has.contains(&name.as_str()) => {
            has.retain(|own| own == name);
            Ok(has)
        }
        Some(name) => {
            let message = format!("the template `{}` has none for `{name}`", args.template);
            Err(Error::usage(message).hint(likely(name, &has)))
        }
    }
}

/// What a template sees, but for what a passage brings along.
fn context(seen: &Seen, data: Map, locale: Option<&str>) -> Map {
    let mut customer = seen.customer.clone();
    if let Some(locale) = locale {
        customer.insert("locale", Value::text(locale));
    }
    let mut given = seen.data.clone();
    for (name, value) in data.iter() {
        given.insert(name, value.clone());
    }
    let mut context = Map::new();
    context.insert("customer", Value::Map(customer));
    context.insert("data", Value::Map(given));
    context.insert("vars", Value::Map(Map::new()));
    if let Some(event) = &seen.event {
        context.insert("event", Value::Map(event.clone()));
    }
    context
}

fn title(template: &Template, channel: &str) -> String {
    let locale = template.locale.as_deref();
    let locale = locale.map(|own| format!(".{own}")).unwrap_or_default();
    let (name, extension) = (&template.name, &template.extension);
    format!("{channel} (templates/{name}/{channel}{locale}.{extension})")
}

/// One message; an HTML one also as a file.
fn show(
    text: &mut String,
    folder: &Folder,
    template: &str,
    channel: &str,
    rendered: &Rendered,
) -> Result<(), Error> {
    for (field, value) in &rendered.front {
        _ = writeln!(text, "  {field}: {value}");
    }
    let is_html = rendered.format == "html";
    let body = rendered.text().map_err(Error::failure)?;
    if !rendered.front.is_empty() {
        text.push('\n');
    }
    for line in body.trim_end().lines() {
        _ = writeln!(text, "  {line}");
    }
    for button in &rendered.buttons {
        _ = writeln!(text, "  [{}] {}", button.text, button.url);
    }
    text.push('\n');
    if channel == "sms" {
        _ = writeln!(text, "  {}\n", sms::length(rendered.body.trim_end()));
    }
    if is_html {
        let path = folder
            .join(FOLDER)
            .join(format!("{template}.{channel}.html"));
        let written = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = written.and_then(|()| fs::write(&path, rendered.whole()));
        written.map_err(|error| {
            Error::failure(format!("{} can't be written: {error}", path.display()))
        })?;
        _ = writeln!(text, "  as HTML: {}\n", path.display());
    }
    Ok(())
}
