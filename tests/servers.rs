//! Servers that tests need: those that they share, and those of a test's own, which it may stop and kill.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A kind of server, with the script that starts one.
pub(crate) struct Server {
    /// What it is called.
    what: &'static str,
    script: &'static str,
    /// What says in the environment where it is.
    variable: &'static str,
}

/// A database.
pub(crate) const POSTGRES: Server = Server {
    what: "PostgreSQL",
    script: "scripts/servers/postgres",
    variable: "KURANT_TEST_POSTGRES",
};
/// A broker.
pub(crate) const RABBITMQ: Server = Server {
    what: "RabbitMQ",
    script: "scripts/servers/rabbitmq",
    variable: "KURANT_TEST_RABBITMQ",
};

impl Server {
    /// The address of the one that tests share: as the environment says, else where the script has started one, by what it
    /// left in a folder beside these tests.
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment says which servers are to be used"
    )]
    pub(crate) fn shared(&self, started: impl FnOnce(PathBuf) -> Option<String>) -> String {
        let named = std::env::var(self.variable).ok();
        named.or_else(|| started(beside()?)).unwrap_or_else(|| {
            let Self {
                what,
                script,
                variable,
            } = self;
            panic!("this test needs {what}: run `{script} start` first, or name one in {variable}")
        })
    }

    /// One of a test's own; it goes with the test.
    pub(crate) fn start(&'static self, name: &str) -> Own {
        let said = self.run(&["start", name]);
        let url = said
            .lines()
            .find_map(|line| line.strip_prefix(&format!("export {}=", self.variable)))
            .expect("the script says where it is");
        Own {
            server: self,
            name: name.to_owned(),
            url: url.to_owned(),
        }
    }

    fn run(&self, arguments: &[&str]) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let output = Command::new(root.join(self.script))
            .args(arguments)
            .output()
            .expect("the script runs");
        assert!(
            output.status.success(),
            "{} {arguments:?}: {}",
            self.script,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// Where the scripts keep what they start.
fn beside() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_kurant")).ancestors().nth(2)?;
    Some(target.join("servers"))
}

/// A server of a test's own.
pub(crate) struct Own {
    server: &'static Server,
    name: String,
    pub(crate) url: String,
}

impl Own {
    /// `stop`, `start` or `kill`.
    pub(crate) fn script(&self, what: &str) {
        self.server.run(&[what, &self.name]);
    }

    /// What the script says when this server is told something: `sql`, `ctl`.
    pub(crate) fn told(&self, what: &str, words: &[&str]) -> String {
        self.said(&[&[what, &self.name], words].concat())
    }

    /// Its address for another user than the test's own; `user` may have a password behind a colon.
    pub(crate) fn url_of(&self, user: &str) -> String {
        let (scheme, rest) = self.url.split_once("://").expect("a scheme");
        let (_, place) = rest.split_once('@').expect("a user");
        format!("{scheme}://{user}@{place}")
    }

    /// What the script says to these words.
    pub(crate) fn said(&self, arguments: &[&str]) -> String {
        self.server.run(arguments)
    }

    /// The server's own tool on it.
    pub(crate) fn ctl(&self, what: &str) {
        self.server.run(&["ctl", &self.name, what]);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.server.run(&["remove", &self.name]);
    }
}
