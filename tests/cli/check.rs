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

#[test]
fn a_file_in_another_encoding_is_a_finding_and_hides_no_other() {
    let shop = Shop::new();
    let text = super::DORMANT.replace("10:00", "25:00");
    let utf16: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(shop.path("journeys/dormant.yaml"), utf16).unwrap();
    let windows = [&b"journey: other\ntitle: "[..], &[0xcf, 0xf0], b"\n"].concat();
    std::fs::write(shop.path("journeys/other.yaml"), windows).unwrap();
    let output = shop.kurant(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    let told = stdout(&output);
    for part in [
        "saved as UTF-16",
        "iconv -f UTF-16",
        "journeys/other.yaml:2:8",
        "not UTF-8",
        "`25:00`",
        "a journey lacks `steps`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(stdout(&shop.kurant(&["check", "--format", "json"])).contains("\"encoding\""));
}

#[test]
fn a_byte_order_mark_is_nobodys_mistake() {
    let shop = Shop::new();
    for name in [
        "kurant.yaml",
        "profile.yaml",
        "schemas/customer.json",
        "journeys/dormant.yaml",
        "templates/winback/email.txt",
    ] {
        shop.write(name, &format!("\u{feff}{}", shop.read(name)));
    }
    let output = shop.kurant(&["check"]);
    assert!(output.status.success(), "{}", stdout(&output));
    let told = stderr(&shop.kurant(&["pause", "dormant"]));
    assert!(told.contains("nothing has run here yet"), "{told}");
}

#[test]
fn a_workspace_whose_file_is_nearly_called_kurant_yaml_is_told_so() {
    let shop = Shop::new();
    std::fs::rename(shop.path("kurant.yaml"), shop.path("kurant.yaml.txt")).unwrap();
    let output = shop.kurant(&["check"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(
        told.contains("kurant.yaml.txt is not read: name it kurant.yaml"),
        "{told}"
    );
}

#[test]
fn a_folder_that_is_not_read_is_told_by_its_right_name() {
    let shop = Shop::new();
    let journey = shop.read("journeys/dormant.yaml");
    std::fs::remove_dir_all(shop.path("journeys")).unwrap();
    shop.write("Journeys/dormant.yaml", &journey);
    let output = shop.kurant(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output) + &stderr(&output);
    assert!(text.contains("the folder `Journeys` is not read"), "{text}");
    assert!(text.contains("call it `journeys`"), "{text}");
    shop.write("journeys/dormant.yaml", &journey);
    let output = shop.kurant(&["check"]);
    assert_eq!(output.status.code(), Some(0), "it may be somebody else's");
    let text = stdout(&output) + &stderr(&output);
    assert!(text.contains("the folder `Journeys` is not read"), "{text}");
}
