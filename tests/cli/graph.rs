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
fn the_end_of_the_name_says_the_form_and_another_one_is_refused() {
    let shop = Shop::new();
    for (name, begins) in [
        ("a.mmd", "---"),
        ("a.md", "```mermaid\n"),
        ("a.dot", "digraph"),
        ("a.svg", "<svg"),
    ] {
        let output = shop.kurant(&["graph", "dormant", "-o", name]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(shop.read(name).starts_with(begins), "{name}");
    }
    let output = shop.kurant(&["graph", "dormant", "-o", "a.png"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("end its name in .svg"),
        "{}",
        stderr(&output)
    );
    assert!(!shop.path("a.png").exists());
}

#[test]
fn a_journey_that_is_not_there_is_told_with_those_that_are() {
    let output = Shop::new().kurant(&["graph", "dorman"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("there are: dormant"));
}
