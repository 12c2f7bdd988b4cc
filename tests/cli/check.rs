use super::{Shop, stderr, stdout};

#[test]
fn a_workspace_without_mistakes_is_fine() {
    let output = Shop::new().kurant(&["check"]);
    assert_eq!(
        (output.status.code(), stdout(&output).as_str()),
        (Some(0), ""),
        "{}",
        stderr(&output)
    );
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let shop = Shop::new();
    let wrong = super::DORMANT
        .replace("status: live", "status: alive")
        .replace("9 months", "9 moonths");
    shop.write("journeys/dormant.yaml", &wrong);
    let output = shop.kurant(&["check", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let lines: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [2, 4], "{found:#}");
    assert!(
        found
            .as_array()
            .unwrap()
            .iter()
            .all(|found| found["file"] == "journeys/dormant.yaml" && found["help"].is_string())
    );
}

#[test]
fn mistakes_keep_anything_from_running() {
    let shop = Shop::new();
    shop.write("journeys/dormant.yaml", "journey: dormant\nsteps: []\n");
    for command in [
        &["test"][..],
        &["simulate", "--from", "2025-01-01", "--until", "2026-01-01"],
    ] {
        let output = shop.kurant(command);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(
            stderr(&output).contains("journeys/dormant.yaml:1:1"),
            "{}",
            stderr(&output)
        );
    }
}
