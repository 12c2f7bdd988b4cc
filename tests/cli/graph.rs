use super::{Shop, stderr, stdout};

#[test]
fn a_journey_is_drawn_in_three_forms() {
    let shop = Shop::new();
    assert!(stdout(&shop.kurant(&["graph", "dormant"])).contains("graph TD"));
    assert!(stdout(&shop.kurant(&["graph", "dormant", "--format", "dot"])).starts_with("digraph"));
    assert!(
        shop.kurant(&["graph", "dormant", "--output", "dormant.svg"])
            .status
            .success()
    );
    let picture = shop.read("dormant.svg");
    assert!(
        picture.starts_with("<svg") && picture.contains("send email: winback"),
        "{picture}"
    );
}

#[test]
fn a_journey_that_is_not_there_is_told_with_those_that_are() {
    let output = Shop::new().kurant(&["graph", "dorman"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("there are: dormant"));
}
