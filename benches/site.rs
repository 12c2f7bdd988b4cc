//! Where workers are measured: a schema in PostgreSQL, an exchange in RabbitMQ and a workspace, all of them for one measurement.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use crate::broker::Broker;
use crate::{Options, folder, process};

const SHARDS: u16 = 8;
/// How often it is looked at whether all is done.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long broker and database have to come to rest once they are filled.
const SETTLE: Duration = Duration::from_millis(1_500);
/// Whoever needs longer than this hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

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
/// A place to measure in.
pub(crate) struct Site {
    /// What the exchanges, the queues and the schema are called by.
    name: String,
    folder: TempDir,
    /// The schema's address.
    pub(crate) store: String,
    rabbitmq: String,
    database: PgConnection,
    /// The broker, with a queue that gets all commands.
    pub(crate) broker: Broker,
}

impl Site {
    /// Makes one, with these journeys.
    pub(crate) async fn new(options: &Options, journeys: &[String]) -> Result<Self, String> {
        let (Some(postgres), Some(rabbitmq)) = (&options.postgres, &options.rabbitmq) else {
            return Err("needs --postgres URL and --rabbitmq URL".into());
        };
        let folder = tempfile::tempdir().map_err(text)?;
        let part = folder.path().file_name().unwrap_or_default();
        let name = part.to_string_lossy().replace('.', "").to_lowercase();
        let name = format!("kurant_bench_{name}");
        let sign = if postgres.contains('?') { '&' } else { '?' };
        let store = format!("{postgres}{sign}options[search_path]={name}");
        let mut site = Self {
            broker: Broker::connect(rabbitmq).await?,
            database: PgConnection::connect(postgres).await.map_err(text)?,
            rabbitmq: rabbitmq.clone(),
            name,
            folder,
            store,
        };
        site.write_workspace(journeys).map_err(text)?;
        site.execute("CREATE SCHEMA BENCH").await?;
        // Its first start makes tables and queues.
        let first = site.start(1)?;
        let declared = site.declared().await;
        first.end()?;
        declared?;
        site.broker.listen(&site.name, &site.commands()).await?;
        Ok(site)
    }

    /// Lets everything that was filled come to rest.
    pub(crate) async fn settle(&mut self) -> Result<(), String> {
        self.execute("CHECKPOINT").await?;
        tokio::time::sleep(SETTLE).await;
        Ok(())
    }

    /// Starts workers.
    pub(crate) fn start(&self, count: usize) -> Result<Workers, String> {
        Workers::start(self.folder.path(), count)
    }

    /// The broker's address.
    pub(crate) fn rabbitmq(&self) -> &str {
        &self.rabbitmq
    }

    /// The exchange that events are published to.
    pub(crate) fn events(&self) -> String {
        format!("{}_events", self.name)
    }

    fn commands(&self) -> String {
        format!("{}_commands", self.name)
    }

    /// The queue that gets all commands.
    pub(crate) fn queue(&self) -> &str {
        &self.name
    }

    /// How many commands have arrived.
    pub(crate) async fn arrived(&self) -> Result<u64, String> {
        self.broker.waiting(&self.name).await
    }

    /// A number that the database knows; `BENCH` stands for the schema.
    pub(crate) async fn number(&mut self, sql: &str) -> Result<u64, String> {
        let sql = sql.replace("BENCH", &self.name);
        let number: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut self.database)
            .await
            .map_err(text)?;
        Ok(u64::try_from(number).unwrap_or_default())
    }

    /// Does something in the database; `BENCH` stands for the schema.
    pub(crate) async fn execute(&mut self, sql: &str) -> Result<(), String> {
        sqlx::raw_sql(AssertSqlSafe(sql.replace("BENCH", &self.name)))
            .execute(&mut self.database)
            .await
            .map(drop)
            .map_err(text)
    }

    /// Takes everything away again.
    pub(crate) async fn remove(mut self) -> Result<(), String> {
        let shards = (0..SHARDS).map(|shard| format!("{}.{shard}", self.events()));
        let dead = format!("{}.dead", self.events());
        let queues: Vec<String> = shards.chain([dead, self.name.clone()]).collect();
        self.broker
            .remove(&queues, &[&self.events(), &self.commands()])
            .await?;
        self.execute("DROP SCHEMA BENCH CASCADE").await
    }

    /// Waits until the queues are there.
    async fn declared(&self) -> Result<(), String> {
        let last = format!("{}.{}", self.events(), SHARDS - 1);
        for _ in 0..200 {
            // A channel that has asked for what is not there is closed.
            let probe = Broker::connect(&self.rabbitmq).await?;
            if probe.waiting(&last).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err("the queues were never declared".into())
    }

    fn write_workspace(&self, journeys: &[String]) -> std::io::Result<()> {
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
            ("store-address", &self.store),
            ("broker-address", &self.rabbitmq),
            ("profile.yaml", PROFILE),
            ("schemas/customer.json", CUSTOMER),
            ("schemas/events/order.paid.json", ORDER),
            ("schemas/events/refund.made.json", REFUND),
        ];
        let folder = self.folder.path();
        folder::write(folder, &files)?;
        for (number, text) in journeys.iter().enumerate() {
            folder::write(folder, &[(&format!("journeys/j{number}.yaml"), text)])?;
        }
        Ok(())
    }
}

/// Several `kurant run`.
pub(crate) struct Workers(Vec<Child>);

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

    /// The most memory that one of them has held, in megabytes.
    pub(crate) fn megabytes(&self) -> f64 {
        let peaks = self
            .0
            .iter()
            .filter_map(|worker| process::peak(worker.id()));
        peaks.fold(0.0, f64::max)
    }

    /// Ends them as whoever runs them would.
    pub(crate) fn end(mut self) -> Result<(), String> {
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

/// What is told of an error.
pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
