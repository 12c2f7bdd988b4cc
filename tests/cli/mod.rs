//! The command line as its users call it: the binary, a workspace on disk, what comes out.

mod check;
mod failing;
mod graph;
mod receipts;
mod simulate;
mod test;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const WORKSPACE: &str = "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels:\n  email: { kind: file }\n\
     links: { unsubscribe: \"https://shop.example/u?id={{ customer.id }}\" }\n";
const PROFILE: &str = "updates:
  - event: order.paid
    set:
      last_purchase_at: =latest(customer.last_purchase_at, event.meta.time)
      orders_count: =(customer.orders_count ?? 0) + 1
";
const CUSTOMER: &str = r#"{"type":"object","properties":{
  "last_purchase_at":{"type":"string","format":"date-time"},"orders_count":{"type":"integer"}}}"#;
const ORDER: &str =
    r#"{"type":"object","properties":{"order_id":{"type":"string"},"total":{"type":"number"}}}"#;
const DORMANT: &str = "journey: dormant
status: live
trigger:
  inactive: { since: customer.last_purchase_at, for: 9 months, at: \"10:00\" }
audience: customer.orders_count > 0
exit:
  - event: order.paid
    reason: purchased
steps:
  - id: nine
    send: email
    template: winback
    data: { discount: 10 }
  - id: until-twelve
    wait: { for: 12 months, since: trigger.since, at: \"10:00\" }
  - id: twelve
    send: email
    template: winback
    data: { discount: 15 }
";

/// A small shop in a folder of its own.
struct Shop {
    folder: TempDir,
}

impl Shop {
    fn new() -> Self {
        let shop = Self {
            folder: TempDir::new().unwrap(),
        };
        shop.write("kurant.yaml", WORKSPACE);
        shop.write("profile.yaml", PROFILE);
        shop.write("schemas/customer.json", CUSTOMER);
        shop.write("schemas/events/order.paid.json", ORDER);
        shop.write(
            "templates/winback/email.txt",
            "---\nsubject: Come back\n---\nCome back\n{{ unsubscribe_url }}\n",
        );
        shop.write("journeys/dormant.yaml", DORMANT);
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Calls `kurant` in the shop's folder.
    fn kurant(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kurant"))
            .current_dir(self.folder.path())
            .args(args)
            .output()
            .unwrap()
    }

    /// Simulates with these files from one instant to another: the actions.
    fn simulate(&self, [customers, events]: [&str; 2], [from, until]: [&str; 2]) -> Vec<Value> {
        let files = ["--customers", customers, "--events", events];
        let range = ["--from", from, "--until", until];
        let output = self.kurant(
            &[
                &["simulate", "--actions", "out.jsonl"],
                &files[..],
                &range[..],
            ]
            .concat(),
        );
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
        let text = self.read("out.jsonl");
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_teaches_by_example() {
    let shop = Shop::new();
    assert!(stdout(&shop.kurant(&["--help"])).contains("kurant check"));
    assert!(stdout(&shop.kurant(&["simulate", "--help"])).contains("--from 2025-01-01"));
}

#[test]
fn a_folder_without_a_workspace_says_what_is_missing() {
    let empty = TempDir::new().unwrap();
    let output = Shop::new().kurant(&["check", "--workspace", &empty.path().to_string_lossy()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("kurant.yaml") && stderr(&output).contains("hint: "),
        "{}",
        stderr(&output)
    );
}
