//! What web hooks reply, where nobody is there to reply: in tests.

use crate::value::Value;

/// What a web hook replies.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The answer's JSON.
    Value(Value),
    /// It fails for good, so that `on_error` decides.
    Failure,
}

/// Replies by the addresses that are called, for each call in turn; the last one stands for all later ones too.
#[derive(Debug, Default)]
pub(super) struct Replies(Vec<(String, Vec<Reply>)>);

impl Replies {
    pub(super) fn new(replies: Vec<(String, Vec<Reply>)>) -> Self {
        Self(replies)
    }

    /// The reply to a call, counted from 1; nothing is known = `()`.
    pub(super) fn to(&self, url: &str, call: u32) -> Reply {
        let replies = self.0.iter().find(|(own, _)| own == url);
        let replies = replies.map_or(&[][..], |(_, replies)| replies);
        let place = usize::try_from(call.saturating_sub(1)).unwrap_or(usize::MAX);
        replies
            .get(place)
            .or(replies.last())
            .cloned()
            .unwrap_or(Reply::Value(Value::Null))
    }
}
