//! Environments: what is laid over `kurant.yaml`, whose a store is, and to whom messages may leave.

use super::sample::Shop;

const STAGING: &str =
    "store: { url: \"sqlite://.kurant/staging.db\" }\ndeliver_only: [\"*@team.example\"]\n";

fn shop() -> Shop {
    let shop = Shop::with(&[(
        "schemas/events/order.paid.json",
        r#"{"type":"object","properties":{}}"#,
    )]);
    shop.write(
        "kurant.yaml",
        "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file } }\n",
    );
    shop.write("kurant.staging.yaml", STAGING);
    shop.write(
        "templates/thanks/email.txt",
        "---\nsubject: Thanks\n---\nThanks\n",
    );
    shop.write(
        "journeys/thanks.yaml",
        "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid }\n\
         steps:\n  - { id: now, send: email, template: thanks }\n",
    );
    shop
}

fn paid(customer: &str) -> String {
    let address = format!("{customer}.example");
    serde_json::json!({
        "specversion": "1.0", "id": customer, "source": "test", "type": "order.paid", "subject": customer,
        "data": { "customer": { "email": address } },
    })
    .to_string()
}

/// To whom messages have left.
fn written_to(shop: &Shop) -> Vec<String> {
    let path = ".kurant/outbox/email.jsonl";
    if !shop.path(path).exists() {
        return Vec::new();
    }
    let lines = shop.lines(path);
    let to = |line: &serde_json::Value| line["to"].as_str().map(str::to_owned);
    lines.iter().filter_map(to).collect()
}

/// What a command says that fails.
fn refused(shop: &Shop, arguments: &[&str]) -> String {
    let output = shop.run(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn nobody_is_written_to_who_is_not_named() {
    let shop = shop();
    shop.drop_events("1.jsonl", &[paid("anna@shop"), paid("olha@team")]);
    shop.kurant(&["run", "--env", "staging", "--until-idle", "--quiet"]);
    assert_eq!(written_to(&shop), ["olha@team.example"]);
    let log = shop.kurant(&["log", "--env", "staging", "--reason", "deliver_only"]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("anna@shop"), "{log}");
    assert!(
        !shop.path(".kurant/state.db").exists(),
        "the store is its own"
    );
}

#[test]
fn a_message_that_waits_is_held_against_the_list_before_it_leaves() {
    let shop = shop();
    shop.write("kurant.staging.yaml", "guard: ~\n");
    let broken = "---\nsubject: Thanks\n---\n{{ \"x\" | int }}\n";
    shop.write("templates/thanks/email.txt", broken);
    shop.drop_events("1.jsonl", &[paid("anna@shop")]);
    shop.kurant(&["run", "--env", "staging", "--until-idle", "--quiet"]);
    shop.write(
        "templates/thanks/email.txt",
        "---\nsubject: Thanks\n---\nThanks\n",
    );
    shop.write("kurant.staging.yaml", "deliver_only: []\n");
    shop.kurant(&["dead", "retry", "--all", "--env", "staging"]);
    shop.kurant(&["run", "--env", "staging", "--until-idle", "--quiet"]);
    assert_eq!(written_to(&shop), Vec::<String>::new());
    let log = shop.kurant(&["log", "--env", "staging", "--outcome", "not_sent"]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("deliver_only"), "{log}");
}

#[test]
fn a_store_belongs_to_one_environment() {
    let shop = shop();
    shop.write(
        "kurant.staging.yaml",
        "deliver_only: [\"*@team.example\"]\n",
    );
    shop.drop_events("1.jsonl", &[paid("olha@team")]);
    shop.kurant(&["run", "--env", "staging", "--until-idle", "--quiet"]);
    shop.drop_events("2.jsonl", &[paid("anna@shop")]);
    let told = refused(&shop, &["run", "--until-idle", "--quiet"]);
    assert!(
        told.contains("belongs to the environment staging")
            && told.contains("run it with `--env staging`"),
        "{told}"
    );
    shop.write("customers.jsonl", r#"{"id":"taras"}"#);
    for arguments in [
        &["import", "customers", "customers.jsonl"][..],
        &["pause", "thanks"],
        &["stop", "thanks"],
        &["dead", "retry", "--all"],
    ] {
        let told = refused(&shop, arguments);
        assert!(
            told.contains("belongs to the environment staging"),
            "{arguments:?}: {told}"
        );
    }
    // It is in the inbox still, and nobody was written to.
    assert_eq!(written_to(&shop), ["olha@team.example"]);
    shop.kurant(&["run", "--adopt", "--until-idle", "--quiet"]);
    assert_eq!(written_to(&shop).len(), 2);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let told = refused(&shop, &["run", "--env", "staging", "--until-idle"]);
    assert!(told.contains("leave `--env` out"), "{told}");
}

#[test]
fn whoever_steers_reaches_the_store_of_the_environment() {
    let shop = shop();
    shop.kurant(&["run", "--env", "staging", "--until-idle", "--quiet"]);
    shop.kurant(&["pause", "thanks", "--env", "staging"]);
    let told = refused(&shop, &["pause", "thanks"]);
    assert!(told.contains("nothing has run here yet"), "{told}");
    let told = shop.kurant(&["pause", "--env", "staging"]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("thanks"), "{told}");
}

#[test]
fn a_store_that_was_there_before_environments_were_is_nobodys_prey() {
    let shop = shop();
    shop.write("kurant.staging.yaml", "deliver_only: []\n");
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let forget = "DELETE FROM mark WHERE name = 'environment'";
    let status = std::process::Command::new("python3")
        .args(["-c", "import sqlite3,sys; own = sqlite3.connect(sys.argv[1]); own.execute(sys.argv[2]); own.commit()"])
        .arg(shop.path(".kurant/state.db"))
        .arg(forget)
        .status();
    assert!(status.expect("python3 runs").success());
    let told = refused(
        &shop,
        &["run", "--env", "staging", "--until-idle", "--quiet"],
    );
    assert!(told.contains("belongs to no environment"), "{told}");
    shop.kurant(&["run", "--until-idle", "--quiet"]);
}

#[test]
fn a_store_that_an_environment_takes_out_is_not_steered_beside_it() {
    let shop = shop();
    shop.write(
        "kurant.yaml",
        "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file } }\nstore: { url: \"sqlite://live.db\" }\n",
    );
    shop.write("kurant.staging.yaml", "store: ~\n");
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    shop.kurant(&["run", "--env", "staging", "--until-idle", "--quiet"]);
    shop.kurant(&["pause", "thanks", "--env", "staging"]);
    let held = |arguments: &[&str]| {
        let told = shop.kurant(arguments);
        String::from_utf8_lossy(&told.stdout).contains("thanks")
    };
    assert!(held(&["pause", "--env", "staging"]));
    assert!(!held(&["pause"]));
}

#[test]
fn a_channel_is_tried_with_nobody_else() {
    let shop = shop();
    let stranger = [
        "channel",
        "try",
        "email",
        "--to",
        "anna@shop.example",
        "--env",
        "staging",
    ];
    let told = refused(&shop, &stranger);
    assert!(told.contains("none of `deliver_only`"), "{told}");
    let own = [
        "channel",
        "try",
        "email",
        "--to",
        "anna@team.example",
        "--env",
        "staging",
    ];
    shop.kurant(&own);
}

#[test]
fn an_environment_that_is_not_there_is_no_environment() {
    let shop = shop();
    for arguments in [
        &["check"][..],
        &["run", "--until-idle"],
        &["pause", "thanks"],
    ] {
        let arguments = [arguments, &["--env", "stagin"]].concat();
        let told = refused(&shop, &arguments);
        assert!(told.contains("kurant.stagin.yaml"), "{arguments:?}: {told}");
    }
    let told = refused(&shop, &["check", "--env", "stagin"]);
    assert!(told.contains("did you mean staging?"), "{told}");
}

#[test]
fn mistakes_are_told_in_the_file_where_they_stand() {
    let shop = shop();
    shop.write(
        "kurant.live.yaml",
        "quiet_hours: { from: \"25:00\", to: \"09:00\" }\n",
    );
    shop.write(
        "kurant.staging.yaml",
        "channels: { email: ~, sms: { kind: file } }\ndeliver_onyl: []\n",
    );
    let output = shop.run(&["check"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for part in [
        "kurant.live.yaml:1:",
        "kurant.staging.yaml:2:1",
        "did you mean `deliver_only`?",
        "with kurant.staging.yaml: ",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let output = shop.run(&["check", "--env", "live"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!told.contains("staging"), "{told}");
    shop.write("kurant.live.yaml", "{}\n");
    shop.kurant(&["check", "--env", "live"]);
}
