//! `POST /events`: CloudEvents 1.0 over HTTP, in structured, batch and binary mode. The answer comes once the events are
//! durable: 202.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use kurant_engine::decode::Parts;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::{Reader, Schemas, Undeclared};
use crate::clock::Clock;
use crate::intake::{Delivered, Delivery, Receipt, Via};
use crate::meter;
use crate::runner::BATCH;

/// The longest body.
pub(crate) const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// How long a sender waits for its events to be durable; it may send them again then, they take effect once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes in what requests bring.
pub(crate) struct Taking {
    reader: Mutex<Reader>,
    out: mpsc::Sender<Delivery>,
}

/// One event that is refused.
struct Refused {
    index: usize,
    reason: String,
}

impl Taking {
    /// Reads events by these schemas, and hands them on.
    pub(crate) fn new(
        schemas: Schemas,
        clock: Arc<Clock>,
        out: mpsc::Sender<Delivery>,
        undeclared: Undeclared,
    ) -> Self {
        Self {
            reader: Mutex::new(Reader::new(schemas, clock).counting(undeclared)),
            out,
        }
    }

    /// Takes in the events of a request, and answers once they are durable.
    pub(crate) async fn take_in(&self, headers: &HeaderMap, text: &[u8]) -> Response {
        let events = match self.read(headers, text) {
            Ok(events) => events,
            Err(response) => return response,
        };
        let undeclared = self.undeclared(&events);
        let (sender, receipt) = oneshot::channel();
        let delivery = Delivery {
            via: Via::Http,
            events,
            receipt: Some(sender),
            ..Delivery::default()
        };
        if self.out.send_timeout(delivery, PATIENCE).await.is_err() {
            return busy();
        }
        match tokio::time::timeout(PATIENCE, receipt).await {
            Ok(Ok(receipt)) => answer(receipt, undeclared),
            _ => busy(),
        }
    }
}

fn answer(receipt: Receipt, undeclared: Vec<String>) -> Response {
    let refused = receipt.refused.into_iter();
    let refused: Vec<Value> = refused
        .map(|(index, reason)| Refused { index, reason }.to_json())
        .collect();
    let mut answer =
        json!({ "taken": receipt.taken, "repeated": receipt.repeated, "refused": refused });
    if receipt.rejected > 0 {
        answer["rejected"] = receipt.rejected.into();
    }
    if !undeclared.is_empty() {
        answer["undeclared_types"] = undeclared.into();
    }
    (StatusCode::ACCEPTED, Json(answer)).into_response()
}

/// Nobody knows who sends these.
pub(crate) fn unknown() -> Response {
    let answer =
        json!({ "error": "show the token of this workspace: `Authorization: Bearer TOKEN`" });
    (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, "Bearer")],
        Json(answer),
    )
        .into_response()
}

/// Nobody takes events at the moment, or nobody knows whether they were taken.
pub(crate) fn busy() -> Response {
    let answer = json!({ "error": "the events are not known to be durable; send them again, they take effect once" });
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "5")],
        Json(answer),
    )
        .into_response()
}

impl Refused {
    fn to_json(&self) -> Value {
        let (reason, message) = self
            .reason
            .split_once(": ")
            .unwrap_or(("refused", &self.reason));
        json!({ "index": self.index, "reason": reason, "message": message })
    }
}

/// Refuses a whole request: none of its events is taken.
fn refuse(status: StatusCode, errors: &[Refused]) -> Response {
    meter::refused(Via::Http, errors.len());
    let errors: Vec<Value> = errors.iter().map(Refused::to_json).collect();
    (status, Json(json!({ "taken": 0, "errors": errors }))).into_response()
}

impl Taking {
    /// The types of these events that have no schema.
    fn undeclared(&self, events: &[Delivered]) -> Vec<String> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let kinds = events.iter().map(|delivered| &delivered.event.kind);
        let mut kinds: Vec<String> = kinds
            .filter(|kind| !reader.is_declared(kind))
            .map(|kind| kind.to_string())
            .collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// The events of a request: all of them, or an answer that says what is wrong with each.
    #[expect(
        clippy::result_large_err,
        reason = "an answer is as large as axum makes it"
    )]
    fn read(&self, headers: &HeaderMap, text: &[u8]) -> Result<Vec<Delivered>, Response> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.refresh();
        if headers.contains_key("ce-id") || headers.contains_key("ce-type") {
            let event = binary(&mut reader, headers, text);
            return event
                .map(|event| vec![event])
                .map_err(|refused| refuse(StatusCode::BAD_REQUEST, &[refused]));
        }
        if !text.trim_ascii_start().starts_with(b"[") {
            let event = reader
                .event(text.trim_ascii())
                .map_err(|reason| Refused { index: 0, reason });
            return event
                .map(|event| vec![event])
                .map_err(|refused| refuse(StatusCode::BAD_REQUEST, &[refused]));
        }
        let list: Vec<Value> = serde_json::from_slice(text).map_err(|error| {
            let reason = format!(
                "not_json: it is not a JSON array: an error at column {}",
                error.column()
            );
            refuse(StatusCode::BAD_REQUEST, &[Refused { index: 0, reason }])
        })?;
        if list.len() > BATCH {
            let reason = format!(
                "too_many: {} events at once; {BATCH} are allowed",
                list.len()
            );
            return Err(refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                &[Refused {
                    index: BATCH,
                    reason,
                }],
            ));
        }
        let (mut events, mut errors) = (Vec::new(), Vec::new());
        for (index, value) in list.iter().enumerate() {
            match reader.event(value.to_string().as_bytes()) {
                Ok(event) => events.push(event),
                Err(reason) => errors.push(Refused { index, reason }),
            }
        }
        if errors.is_empty() {
            Ok(events)
        } else {
            Err(refuse(StatusCode::BAD_REQUEST, &errors))
        }
    }
}

/// Binary mode: the envelope in headers that begin with `ce-`, the data as the body.
fn binary(reader: &mut Reader, headers: &HeaderMap, data: &[u8]) -> Result<Delivered, Refused> {
    let value = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(percent_decoded)
    };
    let refused = |reason: String| Refused { index: 0, reason };
    if value("ce-specversion").as_deref() != Some("1.0") {
        return Err(refused(
            "wrong_version: the header `ce-specversion` is not 1.0".into(),
        ));
    }
    let [id, source, kind, subject] =
        ["ce-id", "ce-source", "ce-type", "ce-subject"].map(|name| value(name).unwrap_or_default());
    let time = value("ce-time");
    let parts = Parts {
        id: &id,
        source: &source,
        kind: &kind,
        subject: &subject,
        time: time.as_deref(),
    };
    reader.parts(parts, data).map_err(refused)
}

/// Headers of CloudEvents carry what is not ASCII as `%XX`.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, later)) = rest.split_first() {
        let code = later
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &later[2..];
            }
            None => {
                bytes.push(*first);
                rest = later;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
