//! All that a store holds about one customer: which tables and columns, and in which form they are told. Both databases are asked
//! the same.

use kurant_engine::erased::{pseudonym, tombstone};
use serde_json::Value;

use crate::Error;
use crate::erasure::{is_about, names};

/// How a column is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Plain,
    /// As 32 digits.
    Key,
    /// As JSON.
    Document,
}

/// Which rows of a table are about a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Those with the id in this column, or with what stands for it once it is erased.
    Id(&'static str),
    /// The one with a hash of the id.
    Hash,
    /// Those whose text tells of the customer.
    Text,
    /// Those of an operator's word that names the customer.
    Word,
}

/// A table with rows about customers.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) of: Of,
    /// In which order they are told.
    pub(crate) order: &'static str,
    pub(crate) columns: &'static [(&'static str, Form)],
}

use Form::{Document, Key, Plain};

/// All of them.
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "customer",
        of: Of::Id("id"),
        order: "id",
        columns: &[
            ("id", Plain),
            ("state", Document),
            ("fired", Plain),
            ("revision", Plain),
            ("wake_at", Plain),
        ],
    },
    Table {
        name: "erased",
        of: Of::Hash,
        order: "at",
        columns: &[("customer", Key), ("at", Plain)],
    },
    Table {
        name: "event",
        of: Of::Id("customer"),
        order: "time, n",
        columns: &[
            ("customer", Plain),
            ("time", Plain),
            ("n", Plain),
            ("type", Plain),
            ("source", Plain),
            ("id", Plain),
            ("data", Document),
        ],
    },
    Table {
        name: "anchor",
        of: Of::Id("customer"),
        order: "attribute",
        columns: &[
            ("customer", Plain),
            ("attribute", Plain),
            ("part", Plain),
            ("zone", Plain),
            ("at", Plain),
            ("since", Plain),
        ],
    },
    Table {
        name: "enrollment",
        of: Of::Id("customer"),
        order: "entered, id",
        columns: &[
            ("customer", Plain),
            ("id", Key),
            ("journey", Plain),
            ("version", Key),
            ("key", Plain),
            ("node", Plain),
            ("entered", Plain),
            ("ended", Plain),
            ("reason", Plain),
        ],
    },
    Table {
        name: "log",
        of: Of::Id("customer"),
        order: "n",
        columns: &[
            ("n", Plain),
            ("clock", Plain),
            ("customer", Plain),
            ("done", Plain),
            ("actions", Document),
            ("traces", Document),
        ],
    },
    Table {
        name: "outbox",
        of: Of::Id("customer"),
        order: "n",
        columns: &[
            ("n", Plain),
            ("key", Key),
            ("customer", Plain),
            ("route", Plain),
            ("due", Plain),
            ("state", Plain),
            ("attempt", Plain),
            ("tries", Plain),
            ("lease", Plain),
            ("reason", Plain),
            ("withdrawn", Plain),
            ("command", Document),
        ],
    },
    Table {
        name: "code",
        of: Of::Id("customer"),
        order: "n",
        columns: &[
            ("n", Plain),
            ("pool", Plain),
            ("code", Plain),
            ("expires", Plain),
            ("imported", Plain),
            ("given", Plain),
            ("customer", Plain),
            ("journey", Plain),
            ("enrollment", Key),
        ],
    },
    Table {
        name: "taken",
        of: Of::Id("customer"),
        order: "at, name",
        columns: &[
            ("route", Plain),
            ("name", Plain),
            ("customer", Plain),
            ("key", Key),
            ("journey", Plain),
            ("step", Plain),
            ("at", Plain),
            ("address", Plain),
        ],
    },
    Table {
        name: "rejected",
        of: Of::Text,
        order: "n",
        columns: &[
            ("n", Plain),
            ("at", Plain),
            ("origin", Plain),
            ("line", Plain),
            ("reason", Plain),
            ("body", Plain),
        ],
    },
    Table {
        name: "mark",
        of: Of::Word,
        order: "name",
        columns: &[("name", Plain), ("value", Plain)],
    },
];

/// Columns, or whole tables (`*`), that tell nothing of a person, and why.
const NOT_PERSONAL: &[(&str, &str, &str)] = &[
    (
        "code",
        "aside",
        "whether a code that nobody has is put aside",
    ),
    (
        "customer",
        "logged",
        "the number of an entry of the log, which is told itself",
    ),
    (
        "customer",
        "slot",
        "a hash of the id, by which workers share the customers",
    ),
    ("log", "previous", "the number of another entry of the log"),
    (
        "seen",
        "*",
        "hashes of events' ids and contents, and when they came",
    ),
    ("outbox_left", "*", "counts"),
    ("forgotten", "*", "counts"),
    ("lease", "*", "which worker does which work"),
    ("worker", "*", "which workers live"),
    ("definition", "*", "what the team wrote"),
    ("version", "*", "what the team wrote"),
    ("_sqlx_migrations", "*", "which changes the tables have had"),
];

/// The attributes that hold addresses.
const ADDRESSES: [&str; 4] = ["email", "phone", "telegram", "push_token"];

/// What becomes of a column in the export of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is in it.
    Exported,
    /// It is not, since it tells nothing of a person: why.
    NotPersonal(&'static str),
}

/// What becomes of a column in the export of a customer; none for one that nobody has thought of.
pub fn told(table: &str, column: &str) -> Option<Told> {
    let mut tables = TABLES.iter().filter(|own| own.name == table);
    if tables.any(|own| own.columns.iter().any(|(name, _)| *name == column)) {
        return Some(Told::Exported);
    }
    let mut others = NOT_PERSONAL.iter();
    let is_it = |own: &&(&str, &str, &str)| own.0 == table && (own.1 == column || own.1 == "*");
    others.find(is_it).map(|own| Told::NotPersonal(own.2))
}

/// Rows about a customer, by table, of one moment.
pub type Export = Vec<(&'static str, Vec<Value>)>;

/// What is asked about a customer: the id, what stands for it, and the digits of its hash.
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) hash: String,
    /// As it stands in JSON.
    pub(crate) word: String,
    /// The texts by which something refused may be about the customer.
    pub(crate) addresses: Vec<String>,
}

impl Asked {
    pub(crate) fn about(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: pseudonym(id).to_string(),
            hash: tombstone(id).to_string(),
            word: Value::from(id).to_string(),
            addresses: Vec::new(),
        }
    }

    /// Learns the addresses that a customer's row holds.
    pub(crate) fn learn(&mut self, row: &Value) {
        let customer = &row["state"]["customer"];
        let attributes = ADDRESSES.iter().map(|own| &customer["attributes"][own]);
        let bounced = customer["suppressed"].as_array();
        let bounced = bounced.into_iter().flatten().map(|own| &own["address"]);
        let texts = attributes.chain(bounced).filter_map(Value::as_str);
        self.addresses.extend(texts.map(str::to_owned));
    }

    /// Whether a row that was found by a text is about the customer.
    pub(crate) fn holds(&self, table: &Table, row: &Value) -> bool {
        let body = row["body"].as_str().unwrap_or_default();
        table.of != Of::Text || is_about(body, &self.id, &self.addresses)
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        names(&self.id, &self.addresses)
    }
}

/// One row.
pub(crate) fn row(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::corrupt("export", error))
}
