//! The reasons of the execution log in people's words.

/// The reasons that Kurant itself gives, with their words.
const WORDS: &[(&str, &str)] = &[
    ("erased", "the customer is erased"),
    (
        "suppressed",
        "the address is suppressed: a message to it bounced",
    ),
    ("late", "it was no longer valid: `valid_for`"),
    (
        "unreachable",
        "the customer has no address for the channel: `phone` for `sms` and `viber`, `push_token` for `push`, else the attribute with the channel's name",
    ),
    (
        "no_consent",
        "the customer has not consented to the channel: `consents`",
    ),
    (
        "opted_out",
        "the customer has opted out of the journey's `topic`",
    ),
    (
        "deliver_only",
        "the address is none of `deliver_only` in `kurant.yaml`",
    ),
    (
        "quiet_hours",
        "quiet hours of `kurant.yaml`, on the customer's clock",
    ),
    ("window", "outside the step's `window`"),
    (
        "frequency_cap",
        "a cap of `frequency_caps` in `kurant.yaml` was full",
    ),
    ("condition", "its `when` no longer held at hand-over"),
    (
        "ended",
        "the journey had ended for the customer before it could leave",
    ),
    (
        "delivered",
        "the message was delivered, so the fallback was not needed",
    ),
    ("control", "the customer is held out: `holdout`"),
    ("nobody_available", "nobody of the pool was there"),
    (
        "too_deep",
        "journeys and events that start one another went too deep",
    ),
    ("audience", "`audience` did not hold"),
    ("pilot", "`pilot` did not hold"),
    ("exit", "an `exit` with `when` held at entry"),
    ("no_key", "`entry.key` gave `()`"),
    (
        "occasion_taken",
        "the customer had entered for this occasion before",
    ),
    (
        "already_active",
        "the customer was inside already: `entry.while_active`",
    ),
    (
        "again",
        "the customer had been inside before: `entry.again`",
    ),
    (
        "judged",
        "the journey was live when it fired, and judged it then",
    ),
    ("too_old", "the event was older than `max_age`"),
    ("missed", "the firing was missed by more than `catch_up`"),
    ("error", "a condition failed"),
    (
        "withdrawn",
        "its enrollment had ended, or a fallback took its place",
    ),
    (
        "restored",
        "it was due before the store was restored, and may have left then",
    ),
    ("stopped", "an operator ended it"),
    (
        "ended_by_operator",
        "an operator ended it for this customer",
    ),
    ("operator", "an operator passed over the step"),
    (
        "moved_on",
        "the customer had moved on when the order was taken up",
    ),
    (
        "not_inside",
        "the customer was not inside any more when the order was taken up",
    ),
    (
        "only_fallback",
        "the customer was past the last step when the order was taken up, and only a fallback waited",
    ),
    (
        "no_channel",
        "it names no channel, so nothing is known of an address or a consent",
    ),
    (
        "other_address",
        "the message went to another address than the customer has now, so nothing is suppressed",
    ),
    (
        "nothing_waited",
        "the passage that sent it goes on, and nothing waited for it",
    ),
    (
        "nobody_inside",
        "no passage that goes on has sent it: it had ended, or the event names no message of ours",
    ),
    ("too_late", "what waited for it had gone on before it came"),
    ("paused", "somebody holds it back; `kurant pause` says who"),
];

/// What stood between a send and the customer, or between the customer and a journey; none for a reason of the author's own.
pub(crate) fn words(reason: &str) -> Option<&'static str> {
    let own = WORDS.iter().find(|(word, _)| *word == reason);
    own.map(|(_, words)| *words)
}

/// The reasons that have words, and those that need none.
pub(crate) fn known() -> impl Iterator<Item = &'static str> {
    let plain = [
        "completed",
        "expired",
        "restarted",
        "no_coupon",
        "backlog",
        "webhook_failed",
        "when",
        "condition",
        "over",
        "not_open",
        "too_many_steps",
    ];
    WORDS.iter().map(|(word, _)| *word).chain(plain)
}

/// A reason with its words: `no_consent: the customer has not consented to the channel`.
pub(crate) fn told(reason: &str) -> String {
    match words(reason) {
        Some(words) => format!("{reason}: {words}"),
        None => reason.to_owned(),
    }
}

/// The answers of a server that speak of us, and of no message: it wants a name and a password, or others.
const STRANGERS: [&str; 3] = ["530", "535", "538"];

/// Why a way out took something not yet, or not at all, in people's words: of reasons like `away: it says 535 5.7.8`.
pub(crate) fn way(reason: &str, route: &str) -> String {
    let Some((word, why)) = reason.split_once(": ") else {
        return words(reason).unwrap_or(reason).to_owned();
    };
    match word {
        "away" if why.split(' ').any(|part| STRANGERS.contains(&part)) => {
            format!("the server of `{route}` does not let us in: {why}")
        }
        "away" => format!("the server of `{route}` can't be reached: {why}"),
        "not now" => format!("the server of `{route}` did not take it: {why}"),
        "queued" => why.to_owned(),
        _ => reason.to_owned(),
    }
}
