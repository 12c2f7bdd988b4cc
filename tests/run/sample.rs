//! A small workspace, a made-up history, and the binary at work on them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Customers with a name, and nothing else that is declared.
pub(crate) const NAMED_CUSTOMERS: (&str, &str) = (
    "schemas/customer.json",
    r#"{"type":"object","properties":{"name":{"type":"string"}}}"#,
);
/// Orders that say how much was paid.
pub(crate) const PAID_ORDERS: (&str, &str) = (
    "schemas/events/order.paid.json",
    r#"{"type":"object","properties":{"total":{"type":"number"}}}"#,
);
/// An event about Anna, with data as JSON.
pub(crate) fn of_anna(id: &str, kind: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"shop","type":"{kind}","subject":"anna","data":{data}}}"#
    )
}

/// Whoever waits longer than this for a line waits in vain.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something is so that another process does.
#[expect(clippy::disallowed_methods, reason = "another process does it")]
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const FILES: &[(&str, &str)] = &[
    (
        "kurant.yaml",
        "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nquiet_hours: { from: \"21:00\", to: \"09:00\" }\n\
         frequency_caps:\n  - { category: marketing, channel: any, max: 3, per: 7d }\n\
         channels:\n  email: { kind: file }\n  sms: { kind: file }\ncrm: { kind: file }\n",
    ),
    (
        "profile.yaml",
        "updates:\n  - event: order.paid\n    set:\n      \
         last_purchase_at: =latest(customer.last_purchase_at, event.meta.time)\n      \
         orders_count: =(customer.orders_count ?? 0) + 1\n      \
         total_spent: =(customer.total_spent ?? 0) + event.total\n",
    ),
    (
        "segments.yaml",
        "segments:\n  loyal: customer.orders_count >= 3\n",
    ),
    (
        "schemas/customer.json",
        r#"{"type":"object","properties":{"birthday":{"type":"string","format":"date"},
           "last_purchase_at":{"type":"string","format":"date-time"},"orders_count":{"type":"integer"},
           "total_spent":{"type":"number"}}}"#,
    ),
    (
        "schemas/events/order.paid.json",
        r#"{"type":"object","properties":{"total":{"type":"number"}}}"#,
    ),
    (
        "schemas/events/cart.left.json",
        r#"{"type":"object","properties":{"cart_id":{"type":"string"}}}"#,
    ),
    (
        "templates/hello/email.txt",
        "---\nsubject: Hello\n---\nHello {{ customer.id }}\n",
    ),
    ("templates/hello/sms.txt", "Hello {{ customer.id }}\n"),
    (
        "journeys/thanks.yaml",
        "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid, max_age: 100y }\n\
         entry: { while_active: parallel }\nsteps:\n  - id: now\n    send: email\n    template: hello\n  \
         - id: later\n    wait: 2h\n  - id: ask\n    task: { title: Call, for: owner }\n",
    ),
    (
        "journeys/cart.yaml",
        "journey: cart\nstatus: live\ntrigger: { event: cart.left, max_age: 100y }\nentry: { key: event.cart_id }\n\
         steps:\n  - id: bought\n    wait_for: { event: order.paid, timeout: 3h }\n    then:\n      \
         - tag: buyer\n    else:\n      - id: remind\n        send: best\n        template: hello\n",
    ),
    (
        "journeys/birthday.yaml",
        "journey: birthday\nstatus: live\n\
         trigger: { date: { of: customer.birthday, every: year, offset: -7d, at: \"10:00\" } }\n\
         steps:\n  - id: gift\n    send: best\n    template: hello\n",
    ),
    (
        "journeys/dormant.yaml",
        "journey: dormant\nstatus: live\n\
         trigger: { inactive: { since: customer.last_purchase_at, for: 2 months, at: \"11:00\" } }\n\
         exit:\n  - { event: order.paid, reason: purchased }\nsteps:\n  - id: two\n    send: email\n    template: hello\n  \
         - id: until-four\n    wait: { for: 4 months, since: trigger.since, at: \"11:00\" }\n  \
         - id: four\n    send: sms\n    template: hello\n",
    ),
    (
        "journeys/loyal.yaml",
        "journey: loyal\nstatus: live\ntrigger: { enters: loyal }\nsteps:\n  - tag: loyal\n",
    ),
    (
        "journeys/monday.yaml",
        "journey: monday\nstatus: live\ntrigger: { schedule: \"0 12 1 * *\" }\naudience: has_tag(\"loyal\")\n\
         steps:\n  - id: news\n    send: email\n    template: hello\n",
    ),
];

/// A folder with the sample workspace; it goes when the test ends.
pub(crate) struct Shop {
    folder: TempDir,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with(FILES)
    }

    /// A workspace of these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for (name, text) in files {
            write(&folder.path().join(name), text);
        }
        Self { folder }
    }

    /// The workspace with one journey in the place of its own ones, which leaves at any hour, and Anna is known.
    pub(crate) fn with_one_journey(name: &str, text: &str) -> Self {
        let shop = Self::new();
        let journeys = std::fs::read_dir(shop.path("journeys")).expect("journeys");
        for journey in journeys {
            std::fs::remove_file(journey.expect("a journey").path()).expect("it can go");
        }
        shop.write(
            "kurant.yaml",
            "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file }, sms: { kind: file } }\ncrm: { kind: file }\n",
        );
        shop.write(&format!("journeys/{name}.yaml"), text);
        let anna = r#"{"id":"anna","email":"a@example.com","consents":{"email":true}}"#;
        shop.write("customers.jsonl", anna);
        shop.kurant(&["import", "customers", "customers.jsonl"]);
        shop
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    /// Writes more at the end of `kurant.yaml`.
    pub(crate) fn add_settings(&self, lines: &str) {
        let settings = std::fs::read_to_string(self.path("kurant.yaml")).expect("the workspace");
        self.write("kurant.yaml", &(settings + lines));
    }

    /// Changes a file as whoever keeps secrets does: whole, under its name.
    pub(crate) fn keep(&self, name: &str, secret: &str) {
        let next = format!("{name}.next");
        self.write(&next, secret);
        std::fs::rename(self.path(&next), self.path(name)).expect("another secret");
    }

    /// Writes under another name first, as whoever drops files does.
    pub(crate) fn drop_events(&self, name: &str, lines: &[String]) {
        let hidden = self.path(&format!(".kurant/inbox/.{name}"));
        write(&hidden, &(lines.join("\n") + "\n"));
        std::fs::rename(hidden, self.path(&format!(".kurant/inbox/{name}")))
            .expect("a file in the inbox");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kurant"));
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    /// Runs a command to its end, whatever it is.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// Runs a command to its end, which must be a good one.
    pub(crate) fn kurant(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "kurant {arguments:?}: {}\n{errors}",
            output.status
        );
        output
    }

    /// Starts a command whose lines are read while it runs.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.start_in(arguments, &[])
    }

    /// Starts a command with variables of its environment.
    pub(crate) fn start_in(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let mut child = self
            .command(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let (sender, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("its output")),
            Box::new(child.stderr.take().expect("its talk")),
        ];
        for stream in streams {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Running { child, lines }
    }

    /// The objects of a file, one a line.
    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }
}

/// The binary at work.
pub(crate) struct Running {
    child: Child,
    pub(crate) lines: Receiver<String>,
}

impl Running {
    /// Waits for a line that holds a text; the lines up to it.
    pub(crate) fn wait_for(&self, text: &str) -> Vec<String> {
        self.wait_for_all(&[text])
    }

    /// Waits for a line that holds a text; all its lines, if it ends before it says so.
    pub(crate) fn says(&self, text: &str) -> Result<(), String> {
        let mut lines = String::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line.contains(text) {
                return Ok(());
            }
            lines += &line;
            lines.push('\n');
        }
        Err(lines)
    }

    /// Waits for a line that holds all of these; the lines up to it.
    pub(crate) fn wait_for_all(&self, texts: &[&str]) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            let is_it = texts.iter().all(|text| line.contains(text));
            lines.push(line);
            if is_it {
                return lines;
            }
        }
        panic!("it never said {texts:?}, but:\n{}", lines.join("\n"));
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
    }

    /// Asks it to end, and looks that it said no more of something.
    pub(crate) fn end_silently(mut self, text: &str) {
        let lines = std::mem::replace(&mut self.lines, channel().1);
        self.end();
        let more: Vec<String> = lines.iter().filter(|line| line.contains(text)).collect();
        assert!(more.is_empty(), "it said more: {more:?}");
    }

    /// Where it listens, once it says so.
    pub(crate) fn address(&self) -> String {
        let line = self.wait_for("events are taken in at http://").pop();
        let line = line.expect("a line");
        let (_, rest) = line.split_once("http://").expect("an address");
        let end = rest.find('/').expect("a path");
        rest[..end].to_owned()
    }

    /// Asks it to end.
    pub(crate) fn ask_to_end(&self) {
        self.signal("TERM");
    }

    /// Asks it to end and waits for a clean end.
    pub(crate) fn end(self) {
        self.ask_to_end();
        self.ends();
    }

    /// Waits for a clean end of one that was asked to end: asked twice it breaks off.
    pub(crate) fn ends(self) {
        let status = self.ended();
        assert!(status.success(), "after SIGTERM: {status}");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(sent.expect("`kill` runs").success());
    }

    /// Whether it ends by itself, unless it goes on saying nothing for so long.
    pub(crate) fn ends_within(&mut self, patience: Duration) -> bool {
        loop {
            match self.lines.recv_timeout(patience) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return false,
                // Nobody holds its output any more.
                Err(RecvTimeoutError::Disconnected) => {
                    self.child.wait().expect("it has ended");
                    return true;
                }
            }
        }
    }

    /// Waits until it has ended.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.child.wait().expect("it has ended")
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the file");
    std::fs::write(path, text).expect("a file of the workspace");
}

/// A small generator of numbers; the same seed gives the same history.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Customers, one a line.
pub(crate) fn customers(dice: &mut Dice, count: u64) -> Vec<String> {
    let zones = ["Europe/Kyiv", "Asia/Tokyo", "America/New_York"];
    let customer = |number: u64| {
        let (month, day) = (dice.below(12) + 1, dice.below(28) + 1);
        json!({
            "id": format!("c{number:03}"), "email": format!("c{number:03}@example.com"), "phone": "+380501112233",
            "timezone": zones[dice.below(3) as usize], "birthday": format!("1990-{month:02}-{day:02}"),
            "consents": { "email": dice.below(4) > 0, "sms": true },
        })
        .to_string()
    };
    (0..count).map(customer).collect()
}

/// Events of some of these customers over a year and a half, one a line, in no order.
pub(crate) fn events(dice: &mut Dice, customers: u64, count: u64) -> Vec<String> {
    let event = |number: u64| {
        let (month, day) = (dice.below(18), dice.below(28) + 1);
        let (hour, minute) = (dice.below(24), dice.below(60));
        let time = format!(
            "{}-{:02}-{day:02}T{hour:02}:{minute:02}:00Z",
            2024 + month / 12,
            month % 12 + 1
        );
        let (kind, data) = match dice.below(3) {
            0 => (
                "cart.left",
                json!({ "cart_id": format!("k{}", dice.below(50)) }),
            ),
            _ => ("order.paid", json!({ "total": dice.below(10_000) })),
        };
        let subject = format!("c{:03}", dice.below(customers));
        let id = format!("e{number}");
        json!({ "specversion": "1.0", "id": id, "source": "test", "type": kind, "subject": subject, "time": time, "data": data })
            .to_string()
    };
    (0..count).map(event).collect()
}

/// How many orders each customer paid, and for how much, by these lines; a repeated event counts once.
pub(crate) fn paid(lines: &[String]) -> BTreeMap<String, (i64, i64)> {
    let mut seen = std::collections::BTreeSet::new();
    let mut paid: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for line in lines {
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        if event["type"] == "order.paid" && seen.insert(event["id"].to_string()) {
            let own = paid
                .entry(event["subject"].as_str().unwrap_or_default().to_owned())
                .or_default();
            own.0 += 1;
            own.1 += event["data"]["total"].as_i64().unwrap_or(0);
        }
    }
    paid
}
