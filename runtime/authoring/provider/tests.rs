use super::*;

#[test]
fn those_that_come_along_are_without_a_mistake() {
    for (name, text) in TEXTS {
        let (provider, diagnostics) = read(name, text);
        let found: Vec<String> = diagnostics
            .into_sorted(&Sources::new())
            .iter()
            .map(|found| format!("{}: {:?}", found.message, found.help))
            .collect();
        assert_eq!(found, Vec::<String>::new(), "{name}");
        assert_eq!(preset(name), provider.as_ref(), "{name}");
        assert!(preset(name).is_some(), "{name}");
    }
}

#[test]
fn other_names_are_names_of_one_that_is_there() {
    for (other, name) in ALSO {
        assert_eq!(preset(other), preset(name), "{other}");
        assert!(preset(other).is_some(), "{other}");
    }
}
