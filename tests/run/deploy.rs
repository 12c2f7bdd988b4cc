//! A workspace is deployed: all workers go by it, whatever stands in their folders, until another one is or it is gone back from.

use std::process::Output;

use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::definition::{Definitions, Workspace};
use kurant_runner::{Deployments, Word};
use kurant_store::{Error, Memory};

use super::sample::{Shop, of_anna};

const HELLO: &str = "journey: hello\nstatus: live\ncategory: transactional\ntrigger: { event: cart.left }\nentry: { while_active: parallel }\nsteps:\n  \
    - { id: one, send: email, template: hello }\n  - { id: rest, wait: 30d }\n";

fn shop() -> Shop {
    Shop::with_one_journey("hello", HELLO)
}

fn cart(number: u32) -> String {
    of_anna(&number.to_string(), "cart.left", r#"{"cart_id":"a"}"#)
}

fn text(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr];
    both.map(|part| String::from_utf8_lossy(part).into_owned())
        .concat()
}

/// The steps whose messages have left, once an event came.
fn sent_after(shop: &Shop, number: u32) -> Vec<String> {
    shop.drop_events(&format!("{number}.jsonl"), &[cart(number)]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let lines = shop.lines(".kurant/outbox/email.jsonl");
    let step = |line: &serde_json::Value| line["step"].as_str().map(str::to_owned);
    lines.iter().filter_map(step).collect()
}

fn renamed(step: &str) -> String {
    HELLO.replace("id: one", &format!("id: {step}"))
}

#[test]
fn what_is_deployed_is_in_force_until_it_is_gone_back_from() {
    let shop = shop();
    let refused = shop.run(&["deploy"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    let plan = text(&shop.kurant(&["deploy", "--dry-run"]));
    assert!(plan.contains("unchanged 1 journeys"), "{plan}");
    shop.kurant(&["deploy", "--yes", "--by", "olena"]);
    assert_eq!(sent_after(&shop, 1), ["one"]);
    // A file that changes changes nothing; deployed, it does.
    shop.write("journeys/hello.yaml", &renamed("two"));
    assert_eq!(sent_after(&shop, 2), ["one", "one"]);
    let plan = text(&shop.kurant(&["deploy", "--yes", "--by", "taras", "--why", "spring"]));
    assert!(
        plan.contains("changed   hello                        2 people inside"),
        "{plan}"
    );
    assert_eq!(sent_after(&shop, 3), ["one", "one", "two"]);
    let again = text(&shop.kurant(&["deploy", "--yes"]));
    assert!(again.contains("nothing changes"), "{again}");
    // Mistakes in the folder keep nobody from running what is deployed, and are not deployed.
    shop.write("journeys/hello.yaml", "journey: hello\n");
    assert_eq!(sent_after(&shop, 4), ["one", "one", "two", "two"]);
    assert_eq!(shop.run(&["deploy", "--yes"]).status.code(), Some(1));
    shop.kurant(&["rollback", "--yes", "--by", "olena"]);
    assert_eq!(sent_after(&shop, 5).last().map(String::as_str), Some("one"));
    let history = text(&shop.kurant(&["deploy", "--history"]));
    assert!(
        history.contains("*    3") && history.contains("back to 1"),
        "{history}"
    );
    assert!(
        history.contains("taras") && history.contains("spring"),
        "{history}"
    );
    // To go back once more there is nothing before the first one; by its number everything is there.
    assert_eq!(shop.run(&["rollback", "--yes"]).status.code(), Some(2));
    shop.kurant(&["rollback", "--yes", "--to", "2"]);
    assert_eq!(sent_after(&shop, 6).last().map(String::as_str), Some("two"));
    let unknown = shop.run(&["rollback", "--yes", "--to", "9"]);
    assert!(
        text(&unknown).contains("there are: 4, 3, 2, 1"),
        "{}",
        text(&unknown)
    );
    // What was in force before 5 is what 4 went back to.
    shop.write("journeys/hello.yaml", &renamed("five"));
    shop.kurant(&["deploy", "--yes"]);
    shop.kurant(&["rollback", "--yes"]);
    assert_eq!(sent_after(&shop, 7).last().map(String::as_str), Some("two"));
    let history = text(&shop.kurant(&["deploy", "--history"]));
    assert!(
        history.contains("*    6") && history.contains("back to 2"),
        "{history}"
    );
    // Its own folder counts again.
    shop.kurant(&["deploy", "--end"]);
    shop.write("journeys/hello.yaml", &renamed("three"));
    assert_eq!(
        sent_after(&shop, 8).last().map(String::as_str),
        Some("three")
    );
}

#[test]
fn a_run_takes_up_what_is_deployed_beside_it() {
    let shop = shop();
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    running.wait_for("running");
    shop.write("journeys/hello.yaml", &renamed("two"));
    running.wait_for("the changed workspace is in force");
    let deployed = text(&shop.kurant(&["deploy", "--yes", "--by", "olena", "--why", "spring"]));
    assert!(
        deployed.ends_with("deployment 1 is in force\n"),
        "{deployed}"
    );
    running.wait_for("deployment 1 by olena: spring is in force");
    shop.write("journeys/hello.yaml", &renamed("three"));
    running.wait_for("what is deployed stays in force until `kurant deploy`");
    let deployed = text(&shop.kurant(&["deploy", "--yes", "--by", "olena"]));
    assert!(
        deployed.ends_with("deployment 2 is in force\n"),
        "{deployed}"
    );
    running.wait_for("deployment 2 by olena is in force");
    shop.drop_events("1.jsonl", &[cart(1)]);
    running.wait_for("three");
    running.end();
}

#[tokio::test]
async fn of_two_deployments_at_once_one_is_refused() {
    let store = Memory::new();
    let deployments = Deployments::on(&store);
    let definitions = Definitions::new(Workspace::new("shop", Zone::UTC, "en"));
    let word = |by: &str| Word {
        at: Instant::from_millis(0),
        by: by.to_owned(),
        why: String::new(),
    };
    let first = deployments.put(&definitions, None, word("olena"), None);
    let first = first.await.expect("nobody else is there");
    for was in [None, Some(&first)] {
        let known = was.is_some();
        let second = deployments
            .put(&definitions, was, word("taras"), None)
            .await;
        match second {
            Ok(own) => assert!(known && own.number == 2, "{own:?}"),
            Err(error) => assert!(!known && matches!(error, Error::Conflict), "{error}"),
        }
    }
    let current = deployments.current().await.expect("the store");
    assert_eq!(current.map(|own| own.by), Some("taras".to_owned()));
    // So many are kept to go back to.
    for _ in 0..30 {
        let was = deployments.current().await.expect("the store");
        let next = deployments.put(&definitions, was.as_ref(), word("olena"), None);
        next.await.expect("nobody else is there");
    }
    let all = deployments.all().await.expect("the store");
    assert_eq!((all.len(), all[0].number), (20, 32));
}
