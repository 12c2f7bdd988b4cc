//! What a mail server that isn't ours takes, and what Python's reader of mail makes of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{outbox, paid, shop};

/// Debian's own, which its packages are for.
const PYTHON: &str = "/usr/bin/python3";

/// aiosmtpd at work.
pub(super) struct Receiver {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub(super) port: u64,
    certificate: Option<TempDir>,
}

impl Receiver {
    pub(super) fn start(encrypted: bool) -> Self {
        let certificate = encrypted.then(certificate);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/receiver.py");
        let mut command = Command::new(PYTHON);
        command.arg(script).stderr(Stdio::null());
        if let Some(folder) = &certificate {
            command.args(["mail.crt", "mail.key"].map(|name| folder.path().join(name)));
        }
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.expect("Python runs: see scripts/servers/mail");
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut receiver = Self {
            child,
            lines,
            port: 0,
            certificate,
        };
        receiver.port = receiver.next()["port"].as_u64().expect("a port");
        receiver
    }

    /// The next thing that it says.
    pub(super) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("aiosmtpd is there: run `scripts/servers/mail start`")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate for this machine that nobody has signed.
pub(crate) fn certificate() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let made = Command::new("openssl")
        .current_dir(folder.path())
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args(["-keyout", "mail.key", "-out", "mail.crt"])
        .output();
    assert!(made.expect("openssl runs").status.success());
    folder
}

pub(super) fn header<'v>(message: &'v Value, name: &str) -> Vec<&'v str> {
    let headers = message["headers"].as_array().expect("headers");
    let own = headers.iter().filter(|header| header[0] == name);
    own.filter_map(|header| header[1].as_str()).collect()
}

/// The text and the HTML of a message that a strict reader finds nothing wrong with.
fn parts(message: &Value) -> (&str, &str) {
    assert_eq!(message["defects"], json!([]), "{message}");
    let part = |name: &str| message[name].as_str().expect("a part");
    (part("text"), part("html"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_read_as_it_was_written() {
    let mut receiver = Receiver::start(false);
    let shop = shop(&format!(
        "host: localhost, port: {}, tls: none, reply_to: answers@shop.example",
        receiver.port
    ));
    let letter = std::fs::read_to_string(shop.path("templates/thanks/email.md")).expect("a letter");
    std::fs::remove_file(shop.path("templates/thanks/email.md")).expect("the template");
    shop.write("templates/thanks/email.txt", &letter);
    shop.drop_events(
        "1.jsonl",
        &[paid("1", "anna", "Анна \"<b>\"", "anna@example.com")],
    );
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let message = receiver.next();
    assert_eq!(message["defects"], json!([]), "{message}");
    assert_eq!(
        (&message["from"], &message["to"]),
        (&json!("hello@shop.example"), &json!(["anna@example.com"]))
    );
    assert_eq!(header(&message, "From"), ["Крамниця <hello@shop.example>"]);
    assert_eq!(header(&message, "Reply-To"), ["answers@shop.example"]);
    assert_eq!(header(&message, "Subject"), ["Дякуємо, Анна \"<b>\""]);
    let text = "Замовлення на 900 грн.\n.\nA line after a dot.";
    let read = message["text"]
        .as_str()
        .expect("text")
        .replace("\r\n", "\n");
    assert_eq!(read.trim_end(), text);
    assert_eq!(message["html"], Value::Null);
    let log = shop.kurant(&["log", "--json", "--journey", "thanks"]);
    let id = header(&message, "Message-ID")[0]
        .trim_matches(['<', '>'])
        .to_owned();
    let (key, domain) = id.split_once('@').expect("an id");
    assert_eq!(domain, "shop.example");
    assert!(
        String::from_utf8_lossy(&log.stdout).contains(key),
        "the key of the action"
    );
    assert_eq!(
        outbox(&shop).await,
        (vec![], vec![("accepted".to_owned(), 1)])
    );
    let names: Vec<&str> = message["headers"]
        .as_array()
        .expect("headers")
        .iter()
        .filter_map(|own| own[0].as_str())
        .collect();
    let known = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Reply-To",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];
    assert!(
        names.iter().all(|name| known.contains(name)) && names.len() == known.len(),
        "{names:?}"
    );
}

#[test]
fn a_letter_in_markdown_comes_as_html_with_a_text_and_no_value_is_read_as_a_mark() {
    let mut receiver = Receiver::start(false);
    let shop = shop(&format!(
        "url: \"smtp://localhost:{}\", tls: none",
        receiver.port
    ));
    shop.write(
        "templates/thanks/email.md",
        "---\nsubject: Thanks\n---\n# Dear {{ customer.name }}\n\n**[Look](https://shop.example/?who={{ customer.name }})**\n",
    );
    let name = "**Anna** <b> & co";
    shop.drop_events("1.jsonl", &[paid("1", "anna", name, "anna@example.com")]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let message = receiver.next();
    let (text, html) = parts(&message);
    assert!(
        html.contains(">Dear **Anna** &lt;b&gt; &amp; co</h1>"),
        "{html}"
    );
    let link = "https://shop.example/?who=%2A%2AAnna%2A%2A%20%3Cb%3E%20%26%20co";
    assert!(html.contains(&format!("href=\"{link}\"")), "{html}");
    assert!(
        text.contains(&format!("Dear {name}")) && text.contains(link),
        "{text}"
    );
}

#[test]
fn html_comes_with_a_text_and_what_customers_write_stays_text() {
    let mut receiver = Receiver::start(false);
    let shop = shop(&format!(
        "url: \"smtp://localhost:{}\", tls: none",
        receiver.port
    ));
    std::fs::remove_file(shop.path("templates/thanks/email.md")).expect("the template");
    shop.write(
        "templates/thanks/email.html",
        "---\nsubject: Thanks\n---\n<p>Dear {{ customer.name }},</p><p><a href=\"https://shop.example/\">Look</a></p>\n",
    );
    shop.drop_events(
        "1.jsonl",
        &[paid(
            "1",
            "anna",
            "<script>alert(1)</script>",
            "anna@example.com",
        )],
    );
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let message = receiver.next();
    let (text, html) = parts(&message);
    assert!(
        html.contains("Dear &lt;script&gt;") && !html.contains("<script>"),
        "{html}"
    );
    assert!(
        text.contains("Dear <script>") && text.contains("https://shop.example/"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn starttls_and_a_password_from_the_environment_are_used_and_told_to_nobody() {
    let mut receiver = Receiver::start(true);
    let settings = format!(
        "host: localhost, port: {}, tls: starttls, user: shop, password: \"${{env:SMTP_PASSWORD}}\"",
        receiver.port
    );
    let shop = shop(&settings);
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", "anna@example.com")]);
    let trusted = receiver
        .certificate
        .as_ref()
        .expect("a certificate")
        .path()
        .join("mail.crt");
    let trusted = trusted.display().to_string();
    let own = ["run", "--until-idle", "--log-level", "trace"];
    // Nobody has signed it, so that it is no good unless somebody says so.
    let wary = shop.start_in(&own, &[("SMTP_PASSWORD", "s3cret")]);
    let lines: Vec<String> = wary.lines.iter().collect();
    let told = |what: &str| lines.iter().any(|line| line.contains(what));
    assert!(
        told("can't be handed to the mail server at localhost") && told("certificate"),
        "{lines:?}"
    );
    assert!(wary.ended().success());
    let wrong = shop.start_in(
        &own,
        &[("SMTP_PASSWORD", "wrong"), ("SSL_CERT_FILE", &trusted)],
    );
    let lines: Vec<String> = wrong.lines.iter().collect();
    assert!(wrong.ended().success());
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("s3cret") || line.contains("anna@example.com")),
        "{lines:?}"
    );
    let running = shop.start_in(
        &["run", "--log-level", "trace", "--listen", "127.0.0.1:0"],
        &[("SMTP_PASSWORD", "s3cret"), ("SSL_CERT_FILE", &trusted)],
    );
    let message = receiver.next();
    let lines = running.wait_for("running");
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("s3cret") || line.contains("anna@example.com")),
        "{lines:?}"
    );
    running.end();
    assert_eq!(
        (&message["encrypted"], &message["user"]),
        (&json!(true), &json!("shop")),
        "{message}"
    );
    assert_eq!(
        outbox(&shop).await,
        (vec![], vec![("accepted".to_owned(), 1)])
    );
}
