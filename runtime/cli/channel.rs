//! `kurant channel`: one test message by a channel, and what came of it in people's words; and descriptions of providers.

use std::process::ExitCode;

use kurant_authoring::provider;
use kurant_engine::definition::{ChannelSettings, Definitions};
use kurant_engine::value::Value;
use kurant_runner::{Clock, Trial, Ways, try_channel};

use crate::embedded::{self, failure};
use crate::error::Error;
use crate::folder::Folder;
use crate::proof;
use crate::workspace;

/// Where a test message goes that nobody gets.
const NOBODY: &str = "test@example.com";

/// Arguments of `kurant channel`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant channel try email --to me@shop.example    one test message, and whether it was taken\n  \
    kurant channel try email                         the same, to the address that the channel sends from\n  \
    kurant channel try sms --to +380501112233        one SMS\n  \
    kurant channel show twilio                       the description of a provider, to begin one of your own with\n  \
    kurant channel callback sms                      where the provider says what became of messages\n\n\
    The exit code is 0 if it was taken, 3 if it was not. No journey and no customer has to do with it.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Send one test message by a channel and say what came of it
    Try {
        /// The channel's name in kurant.yaml
        name: String,
        /// Whom to send it to
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
    },
    /// Print where a channel's provider has to call to say what became of messages
    Callback {
        /// The channel's name in kurant.yaml
        name: String,
    },
    /// Print the description of a provider that comes along
    Show {
        /// Its name; without one, the names of all
        name: Option<String>,
    },
}

/// Tries a channel.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    match &args.what {
        What::Try { name, to } => try_one(folder, name, to.as_deref()),
        What::Callback { name } => callback(folder, name),
        What::Show { name } => show(name.as_deref()),
    }
}

fn try_one(folder: &Folder, name: &str, to: Option<&str>) -> Result<ExitCode, Error> {
    let (definitions, _) = workspace::definitions(folder)?;
    let channel = channel(&definitions, name)?;
    let runtime = embedded::runtime()?;
    runtime.block_on(async {
        // Connections are made by tasks of their own.
        let ways = embedded::ways(folder, &definitions)?;
        let mut providers = ways.http_providers();
        let provider = providers.find(|(route, _)| *route == name);
        let provider = provider.map(|(_, provider)| provider.clone());
        drop(providers);
        let from = sender(&ways, name);
        let to = match to.map(str::to_owned).or(from) {
            Some(to) => to,
            None if provider.is_some() => return Err(nobody(name)),
            None => NOBODY.to_owned(),
        };
        if to != NOBODY && !definitions.workspace.delivers_to(&to) {
            let message =
                format!("{to} is none of `deliver_only` in kurant.yaml; nothing was sent");
            return Err(Error::usage(message).hint("name one of those with `--to ADDRESS`"));
        }
        let now = Clock::real().now();
        let trial = try_channel(ways, &definitions, name, &to, now).await;
        let trial = trial.map_err(failure)?;
        if let Some(provider) = provider.filter(|_| trial == Trial::Taken) {
            proof::note(folder, name, &provider)?;
        }
        tell(channel, &to, trial)
    })
}

fn nobody(name: &str) -> Error {
    Error::usage(format!("nobody is named whom {name} should send to")).hint(format!(
        "name a number or an address of your own: `kurant channel try {name} --to +380501112233`"
    ))
}

/// Prints where a provider has to call. With `verify: { by: address }` that is a secret: it goes nowhere but to standard output.
fn callback(folder: &Folder, name: &str) -> Result<ExitCode, Error> {
    let (definitions, _) = workspace::definitions(folder)?;
    channel(&definitions, name)?;
    let ways = embedded::ways(folder, &definitions)?;
    let mut providers = ways.http_providers();
    let provider = providers.find(|(route, _)| *route == name);
    let Some((_, provider)) = provider else {
        return Err(
            Error::usage(format!("nobody calls back for the channel `{name}`"))
                .hint("providers by HTTP do: `kind: http`"),
        );
    };
    if let Some(url) = provider.callback_url() {
        println!("{url}");
        return Ok(ExitCode::SUCCESS);
    }
    let hint = match provider.callback() {
        None => format!(
            "describe `callback` in the `channels/NAME.yaml` of {}",
            provider.name()
        ),
        Some(_) => "add `public` to kurant.yaml: nothing is reached from outside".to_owned(),
    };
    Err(Error::failure(format!("the provider of `{name}` has nowhere to call")).hint(hint))
}

/// Prints a description, or the names of all.
fn show(name: Option<&str>) -> Result<ExitCode, Error> {
    let Some(name) = name else {
        provider::names().for_each(|name| println!("{name}"));
        return Ok(ExitCode::SUCCESS);
    };
    let Some(text) = provider::text(name) else {
        let known: Vec<&str> = provider::names().collect();
        return Err(
            Error::usage(format!("there is no provider `{name}` that comes along"))
                .hint(workspace::likely(name, &known)),
        );
    };
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

fn channel<'d>(definitions: &'d Definitions, name: &str) -> Result<&'d ChannelSettings, Error> {
    let channels = &definitions.workspace.channels;
    let found = channels.iter().find(|own| own.name == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = channels.iter().map(|own| own.name.as_str()).collect();
        let hint = match known.is_empty() {
            true => "add it to `channels` in kurant.yaml".to_owned(),
            false => workspace::likely(name, &known),
        };
        Error::usage(format!("there is no channel `{name}`")).hint(hint)
    })
}

/// Who sends by a channel: whoever is named by no `--to` gets it.
fn sender(ways: &Ways, name: &str) -> Option<String> {
    let mut servers = ways.mail_servers();
    servers
        .find(|(route, _)| *route == name)
        .map(|(_, server)| server.sender())
}

fn tell(channel: &ChannelSettings, to: &str, trial: Trial) -> Result<ExitCode, Error> {
    let name = &channel.name;
    let kind = channel.settings.get("kind").and_then(Value::as_text);
    match trial {
        Trial::Taken => {
            println!("{}", taken(name, kind, to));
            Ok(ExitCode::SUCCESS)
        }
        Trial::NotNow(why) => Err(Error::failure(format!("{name}: the message was not taken: {why}"))
            .hint("a journey's message would be tried again; `kurant doctor` looks at what it needs")),
        Trial::Refused(why) => Err(Error::failure(format!("{name}: the message was refused for good: {why}"))
            .hint("a journey's message would be given up, and its fallback tried; try another --to, or mend the channel in kurant.yaml")),
        Trial::InDoubt(why) => Err(Error::failure(format!("{name}: nobody knows whether the message was taken: {why}"))
            .hint(format!("look whether it has come to {to} before you try again"))),
    }
}

fn taken(name: &str, kind: Option<&str>, to: &str) -> String {
    match kind {
        Some("smtp") => format!(
            "{name}: the mail server took the message for {to}; look into that mailbox, and among what is taken for spam"
        ),
        Some("http") => {
            format!("{name}: the provider took the message for {to}; look whether it has come")
        }
        Some("amqp") => {
            format!(
                "{name}: the broker took the message for {to}; whoever reads the queue has it now"
            )
        }
        _ => {
            format!("{name}: the message for {to} stands at the end of .kurant/outbox/{name}.jsonl")
        }
    }
}
