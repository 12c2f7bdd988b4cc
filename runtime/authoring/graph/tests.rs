use super::{Graph, dot, graph, mermaid, svg};
use crate::{SourceFile, compile};

const JOURNEY: &str = "journey: no-reply
title: Reply <soon> & \"well\"
trigger:
  event: order.paid
entry: { key: event.total, again: never }
exit:
  - { event: order.paid, where: event.total > 5, reason: bought }
goal: { event: order.paid, where: event.total > 7, within: 30d }
steps:
  - id: first
    send: email
    template: hello
    fallback: [sms]
    fallback_after: 2h
  - id: reply
    wait_for: { event: order.paid, timeout: 3d }
    then:
      - exit: replied
    else:
      - id: second
        send: email
        template: hello
  - id: twice
    repeat: { times: 2, steps: [ { id: pause, wait: 1d } ] }
";

fn drawn() -> Graph {
    let files = [
        SourceFile::new(
            "kurant.yaml",
            "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels:\n  email: { kind: file }\n  sms: { kind: file }\n",
        ),
        SourceFile::new(
            "schemas/events/order.paid.json",
            r#"{"type":"object","properties":{"total":{"type":"number"}}}"#,
        ),
        SourceFile::new("templates/hello/email.txt", "Hello"),
        SourceFile::new("templates/hello/sms.txt", "Hello"),
        SourceFile::new("journeys/no-reply.yaml", JOURNEY),
    ];
    let compiled = compile(&files);
    let definitions = compiled
        .definitions
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    graph(&definitions.journeys[0].journey)
}

#[test]
fn branches_part_and_come_together_and_loops_lead_back() {
    let graph = drawn();
    let number = |text: &str| {
        graph
            .nodes
            .iter()
            .position(|node| node.lines.iter().any(|line| line.contains(text)))
            .unwrap()
    };
    let leads = |from: &str, to: &str| {
        graph
            .edges
            .iter()
            .any(|edge| edge.from == number(from) && edge.to == number(to))
    };
    assert!(leads("order.paid", "only once") && leads("only once", "first"));
    assert!(leads("first", "reply"));
    assert!(leads("reply", "exit replied") && leads("reply", "second") && leads("second", "twice"));
    assert!(!leads("exit replied", "twice"), "an exit leads nowhere");
    assert!(
        graph
            .edges
            .iter()
            .any(|edge| edge.back && edge.to == number("twice"))
    );
    assert!(leads("twice", "completed"));
}

#[test]
fn no_two_boxes_lie_on_each_other() {
    let graph = drawn();
    for (index, one) in graph.nodes.iter().enumerate() {
        for other in &graph.nodes[index + 1..] {
            assert!(
                one.row != other.row || (one.column - other.column).abs() >= 0.99,
                "{one:?} {other:?}"
            );
        }
    }
}

#[test]
fn every_form_says_every_box_and_escapes_what_authors_write() {
    let graph = drawn();
    let forms = [mermaid(&graph), dot(&graph), svg(&graph)];
    for form in &forms {
        for word in [
            "first",
            "second",
            "exit replied",
            "completed",
            "hello",
            "one for each event.total",
            "only once",
            "where event.total",
            "exit bought",
            "goal: order.paid",
            "within 30d",
            "else sms after 2h",
        ] {
            assert!(form.contains(word), "{word} is missing in {form}");
        }
    }
    assert!(forms[0].contains("Reply &lt;soon&gt; &amp; #quot;well#quot;"));
    assert!(forms[1].contains(r#"Reply <soon> & \"well\""#));
    assert!(forms[2].contains("Reply &lt;soon&gt; &amp; &quot;well&quot;"));
}
