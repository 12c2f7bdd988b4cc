//! Links by way of here, and the picture by which a letter tells that it was opened.
//!
//! Where a link leads stands sealed in the link itself: nobody can make it lead elsewhere, and whoever follows it gets there whatever
//! else is away. What is told of it is told beside the answer, and lost where nothing can be taken in. Of whoever follows it nothing
//! is kept but that the message's link was followed: no address, no program, no cookie.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use kurant_engine::map::Map;
use kurant_engine::provider::Fate;
use kurant_engine::value::Value;

use super::ticket::Ticket;
use super::{Porch, page};
use crate::feedback::About;
use crate::intake::{Delivered, Delivery, Via};
use crate::meter;

/// A picture of one point that nobody sees.
const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
/// What programs say that fetch what somebody may look at later.
const AHEAD: [&str; 3] = ["purpose", "sec-purpose", "x-moz"];

/// Leads on to where a link of a message leads.
pub(super) async fn click(
    State(porch): State<Arc<Porch>>,
    Path(sealed): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Some((ticket, leads_to)) = porch.links.clicks.open_link(&sealed) else {
        return page::nothing_here();
    };
    if is_followed(&method, &headers) {
        let url = Map::from_iter([("url", Value::text(leads_to.as_str()))]);
        tell(&porch, ticket, Fate::Clicked, &leads_to, url);
    }
    let kept = [
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ];
    (StatusCode::FOUND, kept, [(LOCATION, leads_to)]).into_response()
}

/// The picture of a letter; whatever was asked for, it is the same one.
pub(super) async fn open(
    State(porch): State<Arc<Porch>>,
    Path(sealed): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let ticket = porch.links.opens.open(&sealed);
    if let Some(ticket) = ticket.filter(|_| is_followed(&method, &headers)) {
        tell(&porch, ticket, Fate::Opened, "", Map::new());
    }
    let kept = [(CONTENT_TYPE, "image/gif"), (CACHE_CONTROL, "no-store")];
    (StatusCode::OK, kept, PICTURE).into_response()
}

/// Whether somebody follows it, and no program that looks ahead.
fn is_followed(method: &Method, headers: &HeaderMap) -> bool {
    let is_ahead = |name: &&str| {
        let own = headers.get(*name).and_then(|own| own.to_str().ok());
        own.is_some_and(|own| own.contains("prefetch") || own.contains("preview"))
    };
    *method == Method::GET && !AHEAD.iter().any(is_ahead)
}

/// Tells what was noticed, if anybody listens at this moment: nobody who follows a link waits for it.
fn tell(porch: &Porch, ticket: Ticket, fate: Fate, which: &str, more: Map) {
    let (what, inside) = match fate {
        Fate::Clicked => ("click", porch.inside()),
        _ => ("open", porch.inside()),
    };
    let event = inside.as_ref().and_then(|inside| {
        let sent = ticket.message?;
        let about = About {
            customer: ticket.customer,
            channel: ticket.channel,
            key: sent.key,
            journey: sent.journey,
            step: sent.step,
        };
        about.event(fate, which, more, inside.clock.now())
    });
    let handed_on = inside.zip(event).is_some_and(|(inside, event)| {
        let delivery = Delivery {
            via: Via::Feedback,
            events: vec![Delivered::made_here(event)],
            ..Delivery::default()
        };
        inside.out.try_send(delivery).is_ok()
    });
    let outcome = if handed_on { "told" } else { "dropped" };
    meter::tracked(what, outcome);
}
