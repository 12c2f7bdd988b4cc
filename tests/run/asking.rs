//! Somebody who asks a running process over HTTP.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// Sends a request; returns the status and the body.
pub(crate) fn ask(address: &str, what: &str, headers: &str, body: &str) -> (u16, String) {
    let (status, answer) = asked(address, what, headers, body);
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    (status, body.unwrap_or_default().to_owned())
}

/// Sends a request; returns the status and the whole answer.
pub(crate) fn asked(address: &str, what: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    (status.expect("a status"), answer)
}

/// Posts events; returns the status and the answer.
pub(crate) fn post(address: &str, headers: &str, body: &str) -> (u16, Value) {
    let (status, answer) = ask(address, "POST /events", headers, body);
    (
        status,
        serde_json::from_str(&answer).expect("an answer in JSON"),
    )
}

/// Whether it is ready, and which parts it lacks.
pub(crate) fn ready(address: &str) -> (bool, Vec<String>) {
    let (status, body) = ask(address, "GET /ready", "", "");
    let answer: Value = serde_json::from_str(&body).expect("an answer in JSON");
    let is_ready = answer["ready"].as_bool().expect("yes or no");
    assert_eq!(status, if is_ready { 200 } else { 503 });
    let lacking = answer["lacking"].as_array().expect("a list");
    let parts = lacking.iter().map(|own| {
        assert!(own["why"].as_str().is_some_and(|why| !why.is_empty()));
        own["part"].as_str().expect("a part").to_owned()
    });
    (is_ready, parts.collect())
}

/// What has been counted: each series as it is written, with its number. Every line has to be one that Prometheus reads.
pub(crate) fn metrics(address: &str) -> BTreeMap<String, f64> {
    let (status, text) = ask(address, "GET /metrics", "", "");
    assert_eq!(status, 200, "{text}");
    let mut series = BTreeMap::new();
    let mut known = std::collections::BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            known.insert(rest.split(' ').next().expect("a name").to_owned());
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, number) = line.rsplit_once(' ').expect("a name and a number");
        let number = number.parse().expect("a number");
        let plain = name.split('{').next().expect("a name");
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| plain.strip_suffix(end).filter(|own| known.contains(*own)));
        assert!(
            known.contains(family.unwrap_or(plain)),
            "{line}: of no known type"
        );
        assert!(
            series.insert(name.to_owned(), number).is_none(),
            "{line}: twice"
        );
    }
    series
}

/// The sum of all series of a name whose labels hold all of these.
pub(crate) fn sum(series: &BTreeMap<String, f64>, name: &str, labels: &[&str]) -> f64 {
    let own = series.iter().filter(|(own, _)| {
        own.split('{').next() == Some(name) && labels.iter().all(|label| own.contains(label))
    });
    own.map(|(_, number)| number).sum()
}
