//! Reads all that is held about one customer, of one moment.

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Row};

use crate::Error;
use crate::export::{Asked, Export, Form, Of, TABLES, Table, row};

/// Everything about one customer.
pub(super) async fn export(pool: &PgPool, id: &str) -> Result<Export, Error> {
    let mut asked = Asked::about(id);
    let mut connection = pool.acquire().await?;
    // It goes back to the others only if it ends well.
    connection.close_on_drop();
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut *connection)
        .await?;
    let mut export = Export::new();
    for table in TABLES {
        let mut query = sqlx::query(AssertSqlSafe(statement(table)));
        query = match table.of {
            Of::Id(_) => query.bind(asked.id.clone()).bind(asked.name.clone()),
            Of::Hash => query.bind(asked.hash.clone()),
            Of::Text => query.bind(asked.texts()),
            Of::Word => query.bind(asked.word.clone()),
        };
        let found = query.fetch_all(&mut *connection).await;
        let mut rows = Vec::new();
        for text in found? {
            let mut own = row(text.try_get(0)?)?;
            if let Some(digits) = own["body"].as_str() {
                own["body"] = readable(digits).into();
            }
            if table.name == "customer" {
                asked.learn(&own);
            }
            if asked.holds(table, &own) {
                rows.push(own);
            }
        }
        export.push((table.name, rows));
    }
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    Ok(export)
}

/// What bytes say that are written as hexadecimal digits.
fn readable(digits: &str) -> String {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Vec<u8> = pairs.filter_map(byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn statement(table: &Table) -> String {
    let columns = table.columns.iter().map(|(name, form)| match form {
        Form::Plain if *name == "body" => format!("'{name}', encode({name}, 'hex')"),
        Form::Plain => format!("'{name}', {name}"),
        Form::Key => format!("'{name}', replace({name}::text, '-', '')"),
        Form::Document => format!("'{name}', {name}::json"),
    });
    let columns: Vec<String> = columns.collect();
    let which = match table.of {
        Of::Id(column) => format!("{column} IN ($1, $2)"),
        Of::Hash => "replace(customer::text, '-', '') = $1".to_owned(),
        Of::Text => "EXISTS (SELECT FROM UNNEST($1::text[]) AS s (text) \
             WHERE position(encode(convert_to(s.text, 'UTF8'), 'escape') IN lower(encode(body, 'escape'))) > 0)"
            .to_owned(),
        Of::Word => "name >= 'steer/' AND name < 'steer0' AND position($1 IN value) > 0".to_owned(),
    };
    let (name, order) = (table.name, table.order);
    format!(
        "SELECT json_build_object({})::text FROM {name} WHERE {which} ORDER BY {order}",
        columns.join(", ")
    )
}
