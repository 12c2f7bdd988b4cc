//! The loops around the engine: intake, timers, hand-over.
//!
//! The engine decides, the runner does: it reads the clock, brings events in, commits what was decided and hands over what
//! has to leave. It gets definitions, never YAML.

mod anchors;
mod broker;
mod channel;
mod clock;
mod coupon_level;
mod decide;
mod deployment;
mod dispatch;
mod door;
mod error;
mod feedback;
mod finding;
mod intake;
mod keeper;
mod keeping;
mod listening;
mod live;
mod meter;
mod planted;
mod public;
mod renewal;
mod restore;
mod returned;
mod runner;
pub mod source;
mod standing;
mod steering;

pub use broker::{Address, Asking, Error as BrokerError};
pub use channel::{
    Encryption, HttpProvider, MailServer, Web, WebHooks, examine_http_provider, examine_mail_server,
};
pub use clock::Clock;
pub use coupon_level::CouponLevel;
pub use decide::{Late, Lateness};
pub use deployment::{Deployment, Deployments, Word};
pub use dispatch::{Rendered, Renderer, Trial, Ways, try_channel};
pub use door::{Door, Lock, Room};
pub use error::Error;
pub use finding::{Finding, State};
pub use intake::{Behind, Delivered, Delivery, Receipt, Via};
pub use keeping::KeptSince;
pub use live::{Reload, Wires};
pub use public::{
    Calls, Offer, Outside, Public, PublicDoor, PublicLinks, examine_callback, examine_public,
};
pub use renewal::{Doubt, Renewal};
pub use restore::{HELD, Restored};
pub use returned::{ReturnedMail, ReturnedReader, waiting_mails};
pub use runner::{Admitted, Audience, BATCH, Counts, LIVE, PastSend, Purpose, Runner, Strange};
pub use standing::Standing;
pub use steering::{Backlog, DROPPED, Order, Steering, Verb};
