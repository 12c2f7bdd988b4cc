//! A password that changes while it runs.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::{paid, shop};
use crate::run::sample::until;

/// The user with the password of before, and with the one of now, as they are shown.
const BEFORE: &str = "AHVzZXIAMGxk";
const NOW: &str = "AHVzZXIAZnIzc2g=";

/// A mail server that lets in whoever has the password of now.
struct Strict {
    port: u16,
    /// What was shown to it.
    shown: Arc<Mutex<Vec<String>>>,
    messages: Arc<Mutex<usize>>,
}

impl Strict {
    fn begin() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let own = Self {
            port,
            shown: Arc::default(),
            messages: Arc::default(),
        };
        let (shown, messages) = (own.shown.clone(), own.messages.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (shown, messages) = (shown.clone(), messages.clone());
                std::thread::spawn(move || talk(&stream, &shown, &messages));
            }
        });
        own
    }
}

fn talk(mut stream: &TcpStream, shown: &Mutex<Vec<String>>, messages: &Mutex<usize>) -> Option<()> {
    let mut lines = BufReader::new(stream);
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).ok();
    say("220 strict")?;
    let mut is_in = false;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["EHLO", ..] => say("250-strict\r\n250 AUTH PLAIN")?,
            ["AUTH", "PLAIN", own] => {
                shown
                    .lock()
                    .expect("what was shown")
                    .push((*own).to_owned());
                is_in = *own == NOW;
                say(if is_in {
                    "235 welcome"
                } else {
                    "535 5.7.8 nobody"
                })?;
            }
            ["DATA"] if is_in => {
                say("354 go on")?;
                while line != ".\r\n" {
                    line.clear();
                    lines.read_line(&mut line).ok()?;
                }
                *messages.lock().expect("a count") += 1;
                say("250 taken")?;
            }
            ["QUIT"] => return None,
            _ => say("250 ok")?,
        }
    }
}

#[test]
fn a_password_that_changes_holds_at_the_next_try() {
    let server = Strict::begin();
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none, user: user, password: \"${{file:password}}\"",
        server.port
    ));
    shop.write("password", "0ld");
    let running = shop.start(&["run"]);
    running.wait_for("running");
    shop.drop_events("1.jsonl", &[paid("1", "c1", "Anna", "a@example.com")]);
    let mut said = running.wait_for("they wait until it can be");
    shop.keep("password", "fr3sh\n");
    said.extend(running.wait_for("another secret holds from now on"));
    said.extend(running.wait_for("messages are handed to the mail server at"));
    until("the letter comes", || {
        *server.messages.lock().expect("a count") > 0
    });
    running.end();
    let shown = server.shown.lock().expect("what was shown").clone();
    assert_eq!(shown.first().map(String::as_str), Some(BEFORE));
    assert_eq!(shown.last().map(String::as_str), Some(NOW));
    let told = said.join("\n");
    assert!(!told.contains("0ld") && !told.contains("fr3sh"), "{told}");
}
