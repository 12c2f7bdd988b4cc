//! Reads all that is held about one customer, of one moment.

use sqlx::{AssertSqlSafe, Row, SqlitePool};

use super::decode::array;
use crate::Error;
use crate::export::{Asked, Export, Form, Of, TABLES, Table, row};

/// Everything about one customer.
pub(super) async fn export(pool: &SqlitePool, id: &str) -> Result<Export, Error> {
    let mut asked = Asked::about(id);
    // Whatever is read in one transaction is of one moment.
    let mut tx = pool.begin().await?;
    let mut export = Export::new();
    for table in TABLES {
        let mut query = sqlx::query(AssertSqlSafe(statement(table)));
        query = match table.of {
            Of::Id(_) => query.bind(asked.id.clone()).bind(asked.name.clone()),
            Of::Hash => query.bind(asked.hash.clone()),
            Of::Text => query.bind(array(asked.texts().iter().map(String::as_str))),
            Of::Word => query.bind(asked.word.clone()),
        };
        let found = query.fetch_all(&mut *tx).await;
        let mut rows = Vec::new();
        for text in found? {
            let own = row(text.try_get(0)?)?;
            if table.name == "customer" {
                asked.learn(&own);
            }
            if asked.holds(table, &own) {
                rows.push(own);
            }
        }
        export.push((table.name, rows));
    }
    tx.rollback().await?;
    Ok(export)
}

fn statement(table: &Table) -> String {
    let columns = table.columns.iter().map(|(name, form)| match form {
        Form::Plain => format!("'{name}', {name}"),
        Form::Key => format!("'{name}', lower(hex({name}))"),
        Form::Document => format!("'{name}', json({name})"),
    });
    let columns: Vec<String> = columns.collect();
    let which = match table.of {
        Of::Id(column) => format!("{column} IN ($1, $2)"),
        Of::Hash => "customer = unhex($1)".to_owned(),
        Of::Text => {
            "EXISTS (SELECT 1 FROM json_each($1) text WHERE instr(lower(body), text.value) > 0)"
                .to_owned()
        }
        Of::Word => "name >= 'steer/' AND name < 'steer0' AND instr(value, $1) > 0".to_owned(),
    };
    let (name, order) = (table.name, table.order);
    format!(
        "SELECT json_object({}) FROM {name} WHERE {which} ORDER BY {order}",
        columns.join(", ")
    )
}
