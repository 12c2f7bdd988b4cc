//! A mail server that does what a test says: it answers wrongly, is silent, or hangs up at any word.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// Where in the talk something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Greeting,
    Hello,
    From,
    To,
    Data,
    /// When the whole message has come.
    Message,
}

/// What it does there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Does {
    Says(&'static str),
    HangsUp,
    /// Says nothing until it is let go.
    Waits,
}

/// What has come.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    /// Messages that came whole, taken or not.
    pub(super) messages: Vec<String>,
    pub(super) connections: usize,
}

/// It is there until the test ends.
pub(super) struct Scripted {
    pub(super) port: u16,
    seen: Arc<Mutex<Seen>>,
    plan: Arc<Plan>,
}

/// What it is to do.
struct Plan {
    steps: Mutex<Vec<(At, Does)>>,
    /// Whether it has been let go.
    free: (Mutex<bool>, Condvar),
}

impl Scripted {
    /// Does these once each, in this order; all else as it should be.
    pub(super) fn doing(plan: &[(At, Does)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let plan = Arc::new(Plan {
            steps: Mutex::new(plan.to_vec()),
            free: Default::default(),
        });
        let (own, planned) = (seen.clone(), plan.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                own.lock().expect("seen").connections += 1;
                let (own, planned) = (own.clone(), planned.clone());
                std::thread::spawn(move || serve(&stream, &own, &planned));
            }
        });
        Self { port, seen, plan }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().expect("seen").clone()
    }

    /// How much of what it was to do is still to be done.
    pub(super) fn to_do(&self) -> usize {
        self.plan.steps.lock().expect("a plan").len()
    }

    /// What waits goes on.
    pub(super) fn let_go(&self) {
        let (free, told) = &self.plan.free;
        *free.lock().expect("a word") = true;
        told.notify_all();
    }
}

/// Talks until somebody hangs up.
fn serve(stream: &TcpStream, seen: &Mutex<Seen>, plan: &Plan) -> Option<()> {
    let mut lines = BufReader::new(stream);
    answer(stream, plan, At::Greeting, "220 here")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => answer(stream, plan, At::Hello, "250 hello")?,
            "MAIL" => answer(stream, plan, At::From, "250 yes")?,
            "RCPT" => answer(stream, plan, At::To, "250 yes")?,
            "DATA" => {
                if answer(stream, plan, At::Data, "354 go ahead")? {
                    let message = message(&mut lines)?;
                    seen.lock().expect("seen").messages.push(message);
                    answer(stream, plan, At::Message, "250 taken")?
                } else {
                    true
                }
            }
            "QUIT" => return None,
            _ => write!(&mut &*stream, "250 ok\r\n").is_ok(),
        };
    }
}

/// Says what is to be said; whether it is what it should be. None when it hangs up.
fn answer(mut stream: &TcpStream, plan: &Plan, at: At, good: &str) -> Option<bool> {
    let mut steps = plan.steps.lock().expect("a plan");
    let next = steps
        .first()
        .filter(|(own, _)| *own == at)
        .map(|(_, does)| *does);
    if next.is_some() {
        steps.remove(0);
    }
    drop(steps);
    match next {
        None => write!(stream, "{good}\r\n").ok().map(|()| true),
        Some(Does::Says(other)) => write!(stream, "{other}\r\n").ok().map(|()| false),
        Some(Does::Waits) => {
            let (free, told) = &plan.free;
            let waited = told.wait_while(free.lock().expect("a word"), |is_free| !*is_free);
            drop(waited.expect("a word"));
            write!(stream, "{good}\r\n").ok().map(|()| true)
        }
        Some(Does::HangsUp) => {
            let _ = stream.shutdown(Shutdown::Both);
            None
        }
    }
}

fn message(lines: &mut impl BufRead) -> Option<String> {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == ".\r\n" {
            return Some(message);
        }
        message += &line;
    }
}
