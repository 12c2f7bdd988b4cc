//! Scripts as trees, and what is said of texts that are none.

use crate::script::ErrorKind;
use crate::script::syntax::{Form, Node, Parser, Position, Syntax};

fn parse(source: &str) -> Syntax {
    Parser::new()
        .parse(source, Form::Expression)
        .unwrap_or_else(|error| panic!("{source}: {error}"))
}

#[test]
fn paths_are_listed_with_their_places() {
    let source = "customer.address.city == \"Kyiv\" &&\n  event.items[0].sku != vars[\"code\"] && event.items.some(|i| i.price > vars.limit) && trigger?.date < now";
    let syntax = parse(source);
    let paths: Vec<(String, bool)> = syntax
        .paths()
        .iter()
        .map(|path| (path.text(), path.local))
        .collect();
    let expected = [
        ("customer.address.city", false),
        ("event.items[].sku", false),
        ("vars.code", false),
        ("event.items", false),
        ("trigger.date", false),
        ("now", false),
        ("i.price", true),
        ("vars.limit", false),
    ];
    assert_eq!(
        paths,
        expected.map(|(path, local)| (path.to_owned(), local))
    );
    let city = &syntax.paths()[0].fields[1];
    assert_eq!(
        city.position,
        Position {
            line: 1,
            column: 18
        }
    );
    assert_eq!(
        syntax.paths()[1].fields[2].position,
        Position {
            line: 2,
            column: 18
        }
    );
    assert!(syntax.paths()[4].fields[0].optional);
}

#[test]
fn calls_and_comparisons_are_listed() {
    let syntax = parse(
        "days_since(last(\"order.paid\")?.meta.time) >= 30 && !has_tag(\"x\") && money::f(1, 2) == -1.5 && event.sku in [\"a\", \"b\"]",
    );
    let calls: Vec<(Option<&str>, &str, usize, usize)> = syntax
        .calls()
        .iter()
        .map(|call| {
            (
                call.module.as_deref(),
                call.name.as_str(),
                call.arguments.len(),
                call.position.column,
            )
        })
        .collect();
    assert_eq!(
        calls,
        [
            (None, "days_since", 1, 1),
            (None, "last", 1, 12),
            (None, "has_tag", 1, 53),
            (Some("money"), "f", 2, 76)
        ]
    );
    let ops: Vec<&str> = syntax.comparisons().iter().map(|(op, ..)| *op).collect();
    assert_eq!(ops, [">=", "=="]);
    let (_, left, right, _) = syntax.comparisons()[0];
    assert!(matches!((left, right), (Node::Call(_), Node::Literal(..))));
    let mut lists = 0;
    syntax.walk(&mut |node| {
        lists += usize::from(
            matches!(node, Node::Binary("in", _, right, _) if matches!(**right, Node::List(..))),
        )
    });
    assert_eq!(lists, 1);
}

#[test]
fn methods_take_what_stands_before_the_dot_first() {
    let syntax = parse("customer.tags.len() > 2 && event.items[1].price.round(1) == 2");
    let calls: Vec<(&str, usize, bool)> = syntax
        .calls()
        .iter()
        .map(|call| (call.name.as_str(), call.arguments.len(), call.method))
        .collect();
    assert_eq!(calls, [("len", 1, true), ("round", 2, true)]);
}

#[test]
fn whole_scripts_list_what_they_assign_and_define() {
    let source = "fn twice(x) { x * 2 }\nlet total = 0;\nfor item in event.items { total += item.price; }\nvars.x = twice(total);\n#{ total: total }";
    let syntax = Parser::new().parse(source, Form::Script).unwrap();
    let assigned: Vec<(String, bool)> = syntax
        .assigned
        .iter()
        .map(|path| (path.text(), path.local))
        .collect();
    assert_eq!(
        assigned,
        [("total".to_owned(), true), ("vars.x".to_owned(), false)]
    );
    assert_eq!(syntax.defined, [("twice".to_owned(), 1)]);
    assert!(
        syntax
            .paths()
            .iter()
            .any(|path| path.text() == "event.items" && !path.local)
    );
    assert!(
        super::run("event.to.city = \"x\"; #{}")
            .is_err_and(|error| error.kind == ErrorKind::Forbidden)
    );
}

#[test]
fn rhais_own_functions_are_known_by_name_and_arity() {
    let functions = Parser::new().rhai_functions();
    for (name, arity) in [
        ("len", 1),
        ("contains", 2),
        ("round", 2),
        ("days_since", 1),
        ("some", 2),
        ("to_upper", 1),
        ("max", 2),
    ] {
        assert!(
            functions.contains(&(name.to_owned(), arity)),
            "{name}/{arity}"
        );
    }
    for (name, arity) in [
        ("sleep", 1),
        ("timestamp", 0),
        ("print", 1),
        ("days_since", 2),
    ] {
        assert!(
            !functions.contains(&(name.to_owned(), arity)),
            "{name}/{arity}"
        );
    }
}

#[test]
fn every_function_has_a_working_example() {
    for signature in crate::script::functions() {
        let result = super::evaluate(signature.example);
        assert!(result.is_ok(), "{}: {:?}", signature.example, result);
        assert!(
            signature.doc.ends_with('.') && signature.example.contains(signature.name),
            "{}",
            signature.name
        );
    }
}

#[test]
fn mistakes_say_where_they_are_and_what_to_write() {
    let (parser, mut wrong) = (Parser::new(), String::new());
    for (source, line, column, message, help) in [
        ("customer.age = 5", 1, 14, "`=` sets a value", "`==`"),
        ("customer.age > 5 and true", 1, 18, "`and`", "`&&`"),
        ("customer.age > 5 or true", 1, 18, "`or`", "`||`"),
        ("not true", 1, 1, "`not`", "`!`"),
        ("true && not true", 1, 9, "`not`", "`!`"),
        ("customer.city == 'Kyiv'", 1, 18, "double quotes", "\"...\""),
        ("customer.total > 1e3", 1, 18, "not a number", "1000"),
        ("customer.city == \"Kyiv", 1, 18, "no end", "quote"),
        ("customer.city === \"x\"", 1, 15, "`===`", "`==`"),
        ("customer.city <> \"x\"", 1, 15, "`<>`", "`!=`"),
        ("(customer.age > 5", 1, 18, "", "`)`"),
        (
            "customer.age > 5)",
            1,
            17,
            "cannot stand here",
            "not opened",
        ),
        ("event.until > now", 1, 7, "`until`", "event[\"until\"]"),
        ("", 1, 1, "empty", "customer."),
        ("customer.age >", 1, 15, "ends too early", "follow"),
        (
            "customer.age > 5 customer.x",
            1,
            18,
            "cannot stand here",
            "`&&`",
        ),
        ("customer.age == null", 1, 17, "`null`", "`()`"),
        (
            "customer.city == “Kyiv”",
            1,
            18,
            "cannot stand here",
            "straight double quotes",
        ),
        ("let x = 5; x", 1, 1, "", ""),
        ("eval(\"1\")", 1, 1, "`eval`", ""),
    ] {
        let error = parser.parse(source, Form::Expression).expect_err(source);
        let (found, advice) = (
            error.message.clone(),
            error.help.clone().unwrap_or_default(),
        );
        if (error.line, error.column) != (line, column)
            || !found.contains(message)
            || !advice.contains(help)
        {
            wrong += &format!("{source}: {error:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
