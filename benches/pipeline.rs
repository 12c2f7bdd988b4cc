//! Events per second from RabbitMQ through PostgreSQL to confirmed commands in RabbitMQ, by several workers.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::broker::{Broker, orders};
use crate::figures::Figures;
use crate::{Options, floor, folder};

/// As many events and customers as the floor program is asked for.
const EVENTS: u64 = 160_000;
/// What is done before this part of them counts for nothing: workers share out the queues then.
const COUNTED: u64 = EVENTS / 4;
const CUSTOMERS: u64 = 100_000;
const SHARDS: u16 = 8;
/// How often it is looked at whether all is done.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the broker has to come to rest once it is filled.
const SETTLE: Duration = Duration::from_millis(1_500);
/// Whoever needs longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(300);

const PROFILE: &str = "\
updates:
  - event: order.paid
    set:
      last_purchase_at: =latest(customer.last_purchase_at, event.meta.time)
      orders_count: =(customer.orders_count ?? 0) + 1
      total_spent: =(customer.total_spent ?? 0) + event.total
";
const CUSTOMER: &str = r#"{"type":"object","properties":{
  "last_purchase_at":{"type":"string","format":"date-time"},
  "orders_count":{"type":"integer"},"total_spent":{"type":"number"}}}"#;
const ORDER: &str = r#"{"type":"object","properties":{
  "order_id":{"type":"string"},"currency":{"type":"string"},"channel":{"type":"string"},"coupon":{"type":"string"},
  "note":{"type":"string"},"items":{"type":"integer"},"total":{"type":"number"}}}"#;
const REFUND: &str = r#"{"type":"object","properties":{"total":{"type":"number"}}}"#;
/// Of twenty journeys so many listen to something else.
const DEAF: usize = 5;

/// Which journeys listen.
#[derive(Clone, Copy)]
enum Load {
    /// One, which every event starts.
    One,
    /// Twenty, five of which nothing starts; about a third of the events start one of the others.
    Twenty,
}

/// Events per second with one journey and with twenty.
pub(crate) fn measure(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let (Some(postgres), Some(rabbitmq)) = (&options.postgres, &options.rabbitmq) else {
        return Err("needs --postgres URL and --rabbitmq URL".into());
    };
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    for (load, name) in [(Load::One, "1 journey"), (Load::Twenty, "20 journeys")] {
        let (mut rates, mut floors) = (Vec::new(), Vec::new());
        for run in 0..options.runs {
            let bench = Bench {
                postgres,
                rabbitmq,
                workers: options.workers,
                name: format!("kurant_bench_{}_{run}", std::process::id()),
                load,
            };
            rates.push(runtime.block_on(bench.rate())?);
            if let Some(program) = &options.floor {
                floors.push(floor_rate(program, bench.workers, postgres, rabbitmq)?);
            }
        }
        floors.sort_by(f64::total_cmp);
        let floor = floors.get(floors.len() / 2).copied();
        let name = format!("RabbitMQ to RabbitMQ, {name}, {} workers", options.workers);
        figures.add(name, "events/s", rates, floor);
    }
    Ok(())
}

fn floor_rate(
    program: &Path,
    workers: usize,
    postgres: &str,
    rabbitmq: &str,
) -> Result<f64, String> {
    let (workers, events) = (workers.to_string(), EVENTS.to_string());
    let arguments = [
        "pipeline",
        "--kind",
        "quorum",
        "--runs",
        "1",
        "--events",
        &events,
        "--workers",
        &workers,
        "--pg",
        postgres,
        "--amqp",
        rabbitmq,
    ];
    floor::ask(program, &arguments, "pipeline quorum", "events/s")
}

/// One measurement: a schema, an exchange and a workspace of its own.
struct Bench<'o> {
    postgres: &'o str,
    rabbitmq: &'o str,
    workers: usize,
    name: String,
    load: Load,
}

impl Bench<'_> {
    async fn rate(&self) -> Result<f64, String> {
        let folder = tempfile::tempdir().map_err(text)?;
        self.write_workspace(folder.path()).map_err(text)?;
        let mut database = PgConnection::connect(self.postgres).await.map_err(text)?;
        let name = &self.name;
        execute(&mut database, format!("CREATE SCHEMA {name}")).await?;
        let broker = Broker::connect(self.rabbitmq).await?;
        // Its first start makes tables and queues.
        let first = Workers::start(folder.path(), 1)?;
        let declared = self.declared().await;
        first.end()?;
        declared?;
        broker.listen(name, &self.commands()).await?;
        broker
            .fill(&self.events(), &orders(EVENTS, CUSTOMERS, &now()))
            .await?;
        execute(&mut database, "CHECKPOINT".into()).await?;
        tokio::time::sleep(SETTLE).await;
        let rate = self.work(folder.path(), &mut database).await?;
        let left = broker.waiting(name).await?;
        let made = self
            .number(
                &mut database,
                "SELECT count(*) FROM SCHEMA.log CROSS JOIN json_array_elements(actions::json) own WHERE own->>'action' = 'task'",
            )
            .await?;
        let expected = match self.load {
            Load::One => EVENTS,
            Load::Twenty => made,
        };
        if left != expected || made != expected || expected == 0 {
            return Err(format!(
                "{left} commands left, {made} were made, {expected} should have been"
            ));
        }
        let shards = (0..SHARDS).map(|shard| format!("{}.{shard}", self.events()));
        let dead = format!("{}.dead", self.events());
        let queues: Vec<String> = shards.chain([dead, name.clone()]).collect();
        broker
            .remove(&queues, &[&self.events(), &self.commands()])
            .await?;
        execute(&mut database, format!("DROP SCHEMA {name} CASCADE")).await?;
        Ok(rate)
    }

    /// Until every event is taken in and every command is confirmed, from when the first quarter is.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    async fn work(&self, folder: &Path, database: &mut PgConnection) -> Result<f64, String> {
        let begun = Instant::now();
        let workers = Workers::start(folder, self.workers)?;
        let (mut start, mut before) = (begun, 0);
        // To count rows would take from what is measured, so it is done at the end only.
        let numbered = "SELECT last_value FROM SCHEMA.event_n_seq";
        let done =
            "SELECT (SELECT count(*) FROM SCHEMA.seen) - (SELECT count(*) FROM SCHEMA.outbox)";
        loop {
            let count = self.number(database, numbered).await?;
            if before < COUNTED {
                (start, before) = (Instant::now(), count);
            }
            if count >= EVENTS && self.number(database, done).await? >= EVENTS {
                break;
            }
            if begun.elapsed() > PATIENCE {
                return Err("it never ends".into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let seconds = start.elapsed().as_secs_f64();
        workers.end()?;
        Ok((EVENTS - before) as f64 / seconds)
    }

    async fn number(&self, database: &mut PgConnection, sql: &str) -> Result<u64, String> {
        let sql = sql.replace("SCHEMA", &self.name);
        let number: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(database)
            .await
            .map_err(text)?;
        Ok(u64::try_from(number).unwrap_or_default())
    }

    /// Waits until the queues are there.
    async fn declared(&self) -> Result<(), String> {
        let last = format!("{}.{}", self.events(), SHARDS - 1);
        for _ in 0..200 {
            // A channel that has asked for what is not there is closed.
            let probe = Broker::connect(self.rabbitmq).await?;
            if probe.waiting(&last).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err("the queues were never declared".into())
    }

    fn events(&self) -> String {
        format!("{}_events", self.name)
    }

    fn commands(&self) -> String {
        format!("{}_commands", self.name)
    }

    fn write_workspace(&self, folder: &Path) -> std::io::Result<()> {
        let sign = if self.postgres.contains('?') {
            '&'
        } else {
            '?'
        };
        let store = format!("{}{sign}options[search_path]={}", self.postgres, self.name);
        let workspace = format!(
            "workspace: bench\ntimezone: Europe/Kyiv\nlocale: en\nchannels: {{ email: {{ kind: file }} }}\n\
             guard: {{ enter: 1000000000/h, send: 1000000000/h }}\nconsole: {{ listen: \"127.0.0.1:0\" }}\n\
             store: {{ url: \"${{file:store-address}}\" }}\n\
             events: {{ url: \"${{file:broker-address}}\", exchange: {}, shards: {SHARDS} }}\n\
             crm: {{ kind: amqp, exchange: {} }}\n",
            self.events(),
            self.commands()
        );
        let files = [
            ("kurant.yaml", workspace.as_str()),
            ("store-address", &store),
            ("broker-address", self.rabbitmq),
            ("profile.yaml", PROFILE),
            ("schemas/customer.json", CUSTOMER),
            ("schemas/events/order.paid.json", ORDER),
            ("schemas/events/refund.made.json", REFUND),
        ];
        folder::write(folder, &files)?;
        for (number, text) in self.journeys().iter().enumerate() {
            folder::write(folder, &[(&format!("journeys/j{number}.yaml"), text)])?;
        }
        Ok(())
    }

    fn journeys(&self) -> Vec<String> {
        let condition = "customer.total_spent > 10 && days_since(customer.last_purchase_at) < 270 && !has_tag(\"staff\")";
        let journey = |number: usize, trigger: &str, audience: &str| {
            let mut text = format!("journey: j{number}\nstatus: live\ncategory: transactional\n");
            let _ = writeln!(text, "trigger: {{ {trigger} }}\naudience: {audience}");
            let _ = writeln!(text, "entry: {{ while_active: parallel }}");
            let _ = writeln!(
                text,
                "steps:\n  - {{ id: call, task: {{ title: Call, for: owner }} }}"
            );
            text
        };
        let count = match self.load {
            Load::One => {
                return vec![journey(
                    0,
                    "event: order.paid",
                    "event.total >= 0 && !has_tag(\"staff\") && customer.orders_count > 0",
                )];
            }
            Load::Twenty => 20,
        };
        let hearing = count - DEAF;
        let trigger = |number: usize| {
            if number >= hearing {
                return "event: refund.made".to_owned();
            }
            // All of them together let a third of the events in.
            let (from, until) = (
                number * 1_000 / hearing,
                number * 1_000 / hearing + 333 / hearing,
            );
            format!("event: order.paid, where: event.total >= {from} && event.total < {until}")
        };
        (0..count)
            .map(|number| journey(number, &trigger(number), condition))
            .collect()
    }
}

/// Several `kurant run`.
struct Workers(Vec<Child>);

impl Workers {
    fn start(folder: &Path, count: usize) -> Result<Self, String> {
        let start = |_| {
            Command::new(env!("CARGO_BIN_EXE_kurant"))
                .args(["run", "--quiet"])
                .current_dir(folder)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .map_err(text)
        };
        (0..count).map(start).collect::<Result<_, _>>().map(Self)
    }

    fn end(mut self) -> Result<(), String> {
        for worker in &mut self.0 {
            let asked = Command::new("kill")
                .args(["-TERM", &worker.id().to_string()])
                .status();
            asked.map_err(text)?;
        }
        for worker in &mut self.0 {
            let ended = worker.wait().map_err(text)?;
            if !ended.success() {
                return Err(format!("a worker failed: {ended}"));
            }
        }
        Ok(())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.0 {
            let _ = worker.kill();
        }
    }
}

async fn execute(database: &mut PgConnection, sql: String) -> Result<(), String> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(database)
        .await
        .map(drop)
        .map_err(text)
}

#[expect(
    clippy::disallowed_methods,
    reason = "events that are to start journeys happen now"
)]
fn now() -> String {
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    now.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
