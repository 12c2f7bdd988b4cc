//! Why something from outside is refused.

/// Why an event or a customer is refused. Names fields and kinds, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More bytes than [`super::LARGEST`].
    #[error("it is {bytes} bytes long; {} are allowed", super::LARGEST)]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// Not JSON.
    #[error("it is not JSON: an error at column {column}")]
    NotJson {
        /// Where in the text, from 1.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// Lists and maps in each other, more than [`super::DEEPEST`].
    #[error("lists and maps are nested deeper than {}", super::DEEPEST)]
    TooDeep,
    /// More names than [`super::MOST_NAMES`].
    #[error("it has more than {} fields", super::MOST_NAMES)]
    TooManyNames,
    /// More than [`super::MOST_VALUES`] values in lists.
    #[error("its lists hold more than {} values", super::MOST_VALUES)]
    TooManyValues,
    /// A name twice in one map.
    #[error("`{path}` stands twice")]
    Twice {
        /// Which.
        path: String,
    },
    /// A number that no decimal holds.
    #[error("a number has more digits than a decimal can hold")]
    NumberTooLong,
    /// A needed field is absent or empty.
    #[error("`{field}` is missing")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// Longer than [`super::LONGEST_NAME`].
    #[error("`{field}` is longer than {} bytes", super::LONGEST_NAME)]
    NameTooLong {
        /// Which.
        field: &'static str,
    },
    /// Nothing says that it is CloudEvents 1.0.
    #[error("`specversion` is missing: write \"specversion\": \"1.0\"")]
    NoVersion,
    /// Not CloudEvents 1.0.
    #[error("`specversion` is not the text \"1.0\"")]
    WrongVersion,
    /// A field is not of its declared type.
    #[error("`{path}` should be {expected}, found {found}")]
    WrongType {
        /// Which: `total`, `customer.birthday`, `items[0].sku`.
        path: String,
        /// What is declared.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A field that the schema requires is absent, or null.
    #[error("`{path}` is missing, and `required` of {schema} asks for it")]
    Required {
        /// Which.
        path: String,
        /// The schema's file.
        schema: String,
    },
    /// A consent has a date, and is neither given nor withdrawn.
    #[error("`{path}` is empty, and it has a date: say whether it was given or withdrawn")]
    Undecided {
        /// Which.
        path: String,
    },
    /// `time` is not RFC 3339.
    #[error("`time` is not an instant like 2026-11-22T08:00:00Z")]
    BadTime,
    /// Dated further ahead than [`super::FURTHEST_AHEAD`].
    #[error("`time` lies more than a day ahead")]
    Ahead,
    /// An event where a customer is expected.
    #[error("it is an event, not a customer")]
    AnEvent,
    /// The data is not in the event but beside it, or not JSON.
    #[error("`data_base64` is not taken: send `data` as a JSON object")]
    Binary,
}

impl Error {
    /// The reason in one word, for counters and beside dead letters; it does not change between versions.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::NotJson { .. } => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::TooDeep => "too_deep",
            Self::TooManyNames => "too_many_fields",
            Self::TooManyValues => "too_many_values",
            Self::Twice { .. } => "field_twice",
            Self::NumberTooLong => "number_too_long",
            Self::Missing { .. } | Self::Required { .. } => "missing_field",
            Self::Undecided { .. } => "consent_undecided",
            Self::NameTooLong { .. } => "name_too_long",
            Self::NoVersion | Self::WrongVersion => "wrong_version",
            Self::WrongType { .. } => "wrong_type",
            Self::BadTime => "bad_time",
            Self::Ahead => "ahead_of_time",
            Self::AnEvent => "an_event",
            Self::Binary => "binary_data",
        }
    }

    /// Which field is wrong, where it is one: `id`, `birthday`, `items[0].sku`.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Twice { path }
            | Self::WrongType { path, .. }
            | Self::Required { path, .. }
            | Self::Undecided { path } => Some(path),
            Self::Missing { field } | Self::NameTooLong { field } => Some(field),
            Self::NoVersion | Self::WrongVersion => Some("specversion"),
            Self::BadTime | Self::Ahead => Some("time"),
            Self::Binary => Some("data_base64"),
            Self::TooLarge { .. }
            | Self::NotJson { .. }
            | Self::NotAnObject
            | Self::TooDeep
            | Self::TooManyNames
            | Self::TooManyValues
            | Self::NumberTooLong
            | Self::AnEvent => None,
        }
    }
}
