//! Links by way of here, and the picture by which a letter tells that it was opened.
//!
//! Where a link leads stands sealed in the link itself: nobody can make it lead elsewhere, and whoever follows it gets there whatever
//! else is away. What is told of it is told beside the answer, and lost where nothing can be taken in. Of whoever follows it nothing
//! is kept but that the message's link was followed: no address, no program, no cookie.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use kurant_engine::customer::Customer;
use kurant_engine::definition::Tracking;
use kurant_engine::map::Map;
use kurant_engine::provider::Fate;
use kurant_engine::value::Value;
use tokio::time::timeout;

use super::ticket::Ticket;
use super::{Porch, page};
use crate::feedback::About;
use crate::intake::{Delivered, Delivery, Via};
use crate::meter;

/// A picture of one point that nobody sees.
const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
/// So long it is looked up whether something may be noticed of somebody.
const LOOKS_UP: Duration = Duration::from_secs(5);
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
fn tell(porch: &Arc<Porch>, ticket: Ticket, fate: Fate, which: &str, more: Map) {
    let (porch, which) = (Arc::clone(porch), which.to_owned());
    tokio::spawn(async move {
        let outcome = noticed(&porch, ticket, fate, &which, more).await;
        let what = if fate == Fate::Clicked {
            "click"
        } else {
            "open"
        };
        meter::tracked(what, outcome.unwrap_or("dropped"));
    });
}

/// Hands on what was noticed, if it still may be: a link lives longer than the leave by which it was made. What became of it; none
/// if nothing can be taken in, or more is followed than can be looked up.
async fn noticed(
    porch: &Porch,
    ticket: Ticket,
    fate: Fate,
    which: &str,
    more: Map,
) -> Option<&'static str> {
    let _place = porch.noticing.try_acquire().ok()?;
    let inside = porch.inside()?;
    let sent = ticket.message?;
    let found = inside
        .store
        .load(std::slice::from_ref(&ticket.customer), &[]);
    let found = timeout(LOOKS_UP, found).await.ok()?.ok()?;
    let tracking = inside.offer.borrow().tracking();
    let whose = match fate {
        Fate::Clicked => tracking.links,
        _ => tracking.opens,
    };
    let person = found.first().map(|own| &own.person.customer);
    let lets = |own: &&Customer| !own.is_erased() && whose.lets(own.said_of(Tracking::CONSENT));
    if person.filter(lets).is_none() {
        return Some("unwanted");
    }
    let about = About {
        customer: ticket.customer,
        channel: ticket.channel,
        key: sent.key,
        journey: sent.journey,
        step: sent.step,
        // What it tells of says nothing of an address.
        address: String::new(),
    };
    let event = about.event(fate, which, more, inside.clock.now())?;
    let delivery = Delivery {
        via: Via::Feedback,
        events: vec![Delivered::made_here(event)],
        ..Delivery::default()
    };
    inside.out.try_send(delivery).ok().map(|()| "told")
}
