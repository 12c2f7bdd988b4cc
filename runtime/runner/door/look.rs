//! What whoever watches over this process asks: whether it lives, whether it is ready, what it has counted.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::Hall;

/// The text format of Prometheus.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /health`: it lives, whatever it lacks. Whoever restarts it for a database that is away helps nobody.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// `GET /ready`: whether it does its work, or what it lacks.
pub(super) async fn ready(State(hall): State<Arc<Hall>>) -> Response {
    let lacking: Vec<Value> = hall
        .standing
        .lacking()
        .into_iter()
        .map(|(part, why)| json!({ "part": part, "why": why }))
        .collect();
    let status = match lacking.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let answer = json!({ "ready": lacking.is_empty(), "lacking": lacking });
    (status, Json(answer)).into_response()
}

/// `GET /metrics`: what has been counted, and what waits in the store.
pub(super) async fn metrics(State(hall): State<Arc<Hall>>) -> Response {
    let Some(exporter) = &hall.exporter else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let lacking = hall.standing.lacking();
    let has_store = !lacking.iter().any(|(part, _)| *part == "store");
    if let Some(inside) = hall.inside().filter(|_| has_store) {
        let now = inside.clock.now();
        exporter.ask(inside.store.clone(), now).await;
    }
    let text = exporter.text(lacking.is_empty());
    ([(header::CONTENT_TYPE, PROMETHEUS)], text).into_response()
}
