//! A receiver of HTTP that does what a test says once a request has come.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does with a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Does {
    /// Answers with a status, more headers, and a body.
    Says(u16, &'static str, &'static str),
    /// Says that more comes, and then that.
    SaysSoon(u16, &'static str),
    /// Answers with words that are no HTTP.
    Babbles,
    /// Promises a body and hangs up in the middle of it.
    BreaksOff,
    /// Begins a body that does not end.
    Floods,
    /// Gives its answer byte by byte.
    Drips,
    /// Gives the body of its answer byte by byte.
    DripsBody,
    /// Hangs up.
    HangsUp,
    /// Throws the request away while it comes.
    Resets,
    /// Says nothing.
    IsSilent,
}

/// A request.
#[derive(Debug, Clone, Default)]
pub(super) struct Came {
    /// Method and path.
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Came {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let own = self.headers.iter().find(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str())
    }
}

/// It is there until the test ends.
pub(super) struct Receiver {
    pub(super) port: u16,
    came: Arc<Mutex<Vec<Came>>>,
    plan: Arc<Mutex<Plan>>,
}

/// Some things once each, and then always the same.
struct Plan {
    once: Vec<Does>,
    then: Does,
}

impl Receiver {
    /// Does this with every request.
    pub(super) fn that(does: Does) -> Self {
        Self::doing(&[], does)
    }

    /// Does these once each, in this order, and then always the same.
    pub(super) fn doing(plan: &[Does], then: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let came: Arc<Mutex<Vec<Came>>> = Arc::default();
        let own = came.clone();
        let once = plan.to_vec();
        let plan = Arc::new(Mutex::new(Plan { once, then }));
        let planned = plan.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (own, plan) = (own.clone(), planned.clone());
                std::thread::spawn(move || serve(&stream, &own, &plan));
            }
        });
        Self { port, came, plan }
    }

    /// Does this from now on, whatever was planned.
    pub(super) fn turns(&self, then: Does) {
        let once = Vec::new();
        *self.plan.lock().expect("a plan") = Plan { once, then };
    }

    pub(super) fn came(&self) -> Vec<Came> {
        self.came.lock().expect("requests").clone()
    }
}

/// Takes requests until somebody hangs up.
fn serve(stream: &TcpStream, came: &Mutex<Vec<Came>>, plan: &Mutex<Plan>) -> Option<()> {
    let mut lines = BufReader::with_capacity(1, stream);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let mut request = Came {
            line: line.trim_end().trim_end_matches(" HTTP/1.1").to_owned(),
            ..Came::default()
        };
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let header = (name.to_ascii_lowercase(), value.trim().to_owned());
            request.headers.push(header);
        }
        let next = {
            let mut plan = plan.lock().expect("a plan");
            let planned = (!plan.once.is_empty()).then(|| plan.once.remove(0));
            planned.unwrap_or(plan.then)
        };
        let length = request.header("content-length");
        let length: usize = length.and_then(|own| own.parse().ok()).unwrap_or(0);
        let is_cut = matches!(next, Does::Resets);
        // What is left unread makes the machine reset the connection instead of closing it.
        let mut body = vec![
            0;
            if is_cut {
                length.saturating_sub(1)
            } else {
                length
            }
        ];
        lines.read_exact(&mut body).ok()?;
        request.body = String::from_utf8_lossy(&body).into_owned();
        came.lock().expect("requests").push(request);
        answer(stream, next)?;
    }
}

/// None when it hangs up.
fn answer(mut stream: &TcpStream, does: Does) -> Option<()> {
    const BEGIN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    match does {
        Does::Says(status, headers, body) => {
            let length = body.len();
            let text =
                format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
            stream.write_all(text.as_bytes()).ok()
        }
        Does::SaysSoon(status, body) => {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
            answer(stream, Does::Says(status, "", body))
        }
        Does::Babbles => {
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
            None
        }
        Does::BreaksOff => {
            let _ = stream
                .write_all(format!("{BEGIN}Content-Length: 100\r\n\r\n{{\"code\"").as_bytes());
            None
        }
        Does::Floods => {
            let _ = stream.write_all(format!("{BEGIN}Content-Length: 10000000\r\n\r\n").as_bytes());
            let piece = [b' '; 64 * 1024];
            while stream.write_all(&piece).is_ok() {}
            None
        }
        Does::Drips => {
            drip(stream, BEGIN.as_bytes());
            None
        }
        Does::DripsBody => {
            let _ = stream.write_all(format!("{BEGIN}Content-Length: 100\r\n\r\n").as_bytes());
            drip(stream, &[b' '; 100]);
            None
        }
        Does::HangsUp | Does::Resets => None,
        Does::IsSilent => {
            // Until the other side has gone.
            let _ = stream.read(&mut [0]);
            None
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is slow, and that is what it is for"
)]
fn drip(mut stream: &TcpStream, bytes: &[u8]) {
    for byte in bytes {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
