//! The functions that every condition may call: their names, parameters and meanings.

/// A kind of value, as far as a function's parameters tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Anything.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// An integer or a decimal.
    Number,
    /// Text.
    Text,
    /// An instant or a date.
    Moment,
    /// An instant.
    Instant,
    /// A date.
    Date,
    /// A length of time, as `days(7)` gives it.
    Span,
    /// An event.
    Event,
}

impl Kind {
    /// The kind in words, with its article.
    pub fn words(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Boolean => "true or false",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Moment => "an instant or a date",
            Self::Instant => "an instant",
            Self::Date => "a date",
            Self::Span => "a length of time like `days(7)`",
            Self::Event => "an event",
        }
    }
}

/// A parameter of a built-in function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the reference.
    pub name: &'static str,
    /// What it takes; a function of time takes `()` too, and gives `()`.
    pub kind: Kind,
}

/// A built-in function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// What it takes, in order.
    pub parameters: &'static [Parameter],
    /// What it gives.
    pub returns: Kind,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// A use of it.
    pub example: &'static str,
    pub(super) function: Function,
}

/// Which built-in function it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Function {
    DaysSince,
    MonthsSince,
    YearsSince,
    Date,
    Instant,
    Minutes,
    Hours,
    Days,
    Months,
    Today,
    Weekday,
    Hour,
    Day,
    Month,
    Year,
    InSegment,
    HasTag,
    Consented,
    Reachable,
    Count,
    Last,
    Sum,
    Bucket,
    IsSet,
    Latest,
    Earliest,
}

impl Function {
    /// The built-in function with this name and so many arguments.
    pub(super) fn named(name: &str, arity: usize) -> Option<Self> {
        functions()
            .iter()
            .find(|own| own.name == name && own.parameters.len() == arity)
            .map(|own| own.function)
    }

    /// Whether its result depends on its arguments alone.
    pub(super) fn is_constant(self) -> bool {
        matches!(
            self,
            Self::Date | Self::Instant | Self::Minutes | Self::Hours | Self::Days | Self::Months
        )
    }
}

/// Every built-in function, in the order of the reference.
pub fn functions() -> &'static [Signature] {
    &FUNCTIONS
}

const fn taking(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind }
}

macro_rules! signatures {
    ($($name:literal ($($parameter:literal: $kind:ident),*) -> $returns:ident, $function:ident, $doc:literal, $example:literal;)*) => {
        [$(Signature {
            name: $name,
            parameters: &[$(taking($parameter, Kind::$kind)),*],
            returns: Kind::$returns,
            doc: $doc,
            example: $example,
            function: Function::$function,
        }),*]
    };
}

static FUNCTIONS: [Signature; 26] = signatures! {
    "days_since"("t": Moment) -> Integer, DaysSince,
        "Whole days from `t` until now, by dates on the customer's clock.", "days_since(customer.last_purchase_at) >= 270";
    "months_since"("t": Moment) -> Integer, MonthsSince,
        "Whole months from `t` until now, by dates on the customer's clock.", "months_since(customer.joined_at) >= 6";
    "years_since"("t": Moment) -> Integer, YearsSince,
        "Whole years from `t` until now, by dates on the customer's clock.", "years_since(customer.birthday) >= 18";
    "date"("text": Text) -> Date, Date,
        "The date that the text says.", "customer.joined_on < date(\"2026-01-01\")";
    "instant"("text": Text) -> Instant, Instant,
        "The instant that the text says, in RFC 3339.", "event.meta.time >= instant(\"2026-11-22T00:00:00Z\")";
    "minutes"("n": Integer) -> Span, Minutes,
        "So many elapsed minutes, to be added to or taken from a moment.", "now - minutes(30)";
    "hours"("n": Integer) -> Span, Hours,
        "So many elapsed hours, to be added to or taken from a moment.", "now + hours(2)";
    "days"("n": Integer) -> Span, Days,
        "So many days on the customer's clock, to be added to or taken from a moment.", "trigger.date + days(7)";
    "months"("n": Integer) -> Span, Months,
        "So many months on the customer's clock, to be added to or taken from a moment.", "trigger.date + months(1)";
    "today"() -> Date, Today,
        "The date on the customer's clock.", "customer.contract_ends < today() + days(30)";
    "weekday"("t": Moment) -> Text, Weekday,
        "The day of the week on the customer's clock: \"mon\" to \"sun\".", "weekday(now) == \"fri\"";
    "hour"("t": Moment) -> Integer, Hour,
        "The hour on the customer's clock, 0 to 23.", "hour(event.meta.time) < 9";
    "day"("t": Moment) -> Integer, Day,
        "The day of the month on the customer's clock, 1 to 31.", "day(now) <= 7";
    "month"("t": Moment) -> Integer, Month,
        "The month on the customer's clock, 1 to 12.", "month(customer.birthday) == month(now)";
    "year"("t": Moment) -> Integer, Year,
        "The year on the customer's clock.", "year(customer.joined_at) < 2020";
    "in_segment"("name": Text) -> Boolean, InSegment,
        "Whether the customer is in the segment now.", "in_segment(\"vip\")";
    "has_tag"("tag": Text) -> Boolean, HasTag,
        "Whether the customer carries the tag.", "!has_tag(\"staff\")";
    "consented"("channel": Text) -> Boolean, Consented,
        "Whether the customer allows marketing through the channel.", "consented(\"email\")";
    "reachable"("channel": Text) -> Boolean, Reachable,
        "Whether a message of this journey could go through the channel: an address, not suppressed, and for marketing consented.",
        "reachable(\"sms\")";
    "count"("event": Text, "within": Span) -> Integer, Count,
        "How many such events the customer had lately, the event at hand included.", "count(\"order.paid\", days(90)) >= 3";
    "last"("event": Text) -> Event, Last,
        "The customer's latest such event, or `()`.", "days_since(last(\"order.paid\")?.meta.time) > 30";
    "sum"("event": Text, "field": Text, "within": Span) -> Number, Sum,
        "The sum of a field over such events of the customer lately.", "sum(\"order.paid\", \"total\", days(365)) >= 5000";
    "bucket"("name": Text, "n": Integer) -> Integer, Bucket,
        "A number from 0 to n-1, always the same for this customer and name.", "bucket(\"pilot\", 10) == 0";
    "is_set"("x": Any) -> Boolean, IsSet,
        "Whether there is a value at all.", "is_set(customer.phone)";
    "latest"("a": Moment, "b": Moment) -> Moment, Latest,
        "The later of two moments, passing over `()`.", "latest(customer.last_purchase_at, event.meta.time)";
    "earliest"("a": Moment, "b": Moment) -> Moment, Earliest,
        "The earlier of two moments, passing over `()`.", "earliest(customer.first_purchase_at, event.meta.time)";
};
