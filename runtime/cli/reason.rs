//! The reasons of the execution log in people's words.

/// What stood between a send and the customer, or between the customer and a journey; none for a reason of the author's own.
pub(crate) fn words(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "erased" => "the customer is erased",
        "suppressed" => "the address is suppressed: a message to it bounced",
        "late" => "it was no longer valid: `valid_for`",
        "unreachable" => "the customer has no address for the channel",
        "no_consent" => "the customer has not consented to the channel: `consents`",
        "opted_out" => "the customer has opted out of the journey's `topic`",
        "deliver_only" => "the address is none of `deliver_only` in `kurant.yaml`",
        "quiet_hours" => "quiet hours of `kurant.yaml`, on the customer's clock",
        "window" => "outside the step's `window`",
        "frequency_cap" => "a cap of `frequency_caps` in `kurant.yaml` was full",
        "condition" => "its `when` no longer held at hand-over",
        "ended" => "the journey had ended for the customer before it could leave",
        "delivered" => "the message was delivered, so the fallback was not needed",
        "control" => "the customer is held out: `holdout`",
        "nobody_available" => "nobody of the pool was there",
        "too_deep" => "journeys and events that start one another went too deep",
        "audience" => "`audience` did not hold",
        "pilot" => "`pilot` did not hold",
        "exit" => "an `exit` with `when` held at entry",
        "no_key" => "`entry.key` gave `()`",
        "occasion_taken" => "the customer had entered for this occasion before",
        "already_active" => "the customer was inside already: `entry.while_active`",
        "again" => "the customer had been inside before: `entry.again`",
        "too_old" => "the event was older than `max_age`",
        "missed" => "the firing was missed by more than `catch_up`",
        "error" => "a condition failed",
        _ => return None,
    })
}

/// A reason with its words: `no_consent: the customer has not consented to the channel`.
pub(crate) fn told(reason: &str) -> String {
    match words(reason) {
        Some(words) => format!("{reason}: {words}"),
        None => reason.to_owned(),
    }
}
