//! Nanoseconds for one condition of three terms, as most audiences are.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant as Stopwatch;

use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::customer::Customer;
use kurant_engine::definition::Script;
use kurant_engine::map::Map;
use kurant_engine::person::Person;
use kurant_engine::script::{Frame, Scripts};
use kurant_engine::value::Value;

use crate::figures::Figures;
use crate::{Options, floor};

const CONDITION: &str =
    r#"customer.total_spent > 1000 && days_since(customer.last_purchase) >= 270 && has_tag("vip")"#;
const EVALUATIONS: u32 = 300_000;

/// Measures the condition on one thread, then on two with a catalog each.
pub(crate) fn measure(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let nanos: Vec<f64> = (0..options.runs).map(|_| nanos_each()).collect();
    let row = "variable resolver, flat names, max_operations=10000";
    let floor = match &options.floor {
        Some(program) => Some(floor::ask(
            program,
            &["rhai", "--n", "300000"],
            row,
            "ns/eval",
        )?),
        None => None,
    };
    figures.add("a condition of three terms", "ns", nanos.clone(), floor);
    let together: Vec<f64> = (0..options.runs)
        .map(|_| {
            let other = std::thread::spawn(nanos_each);
            let own = nanos_each();
            (own + other.join().unwrap_or(f64::NAN)) / 4.0
        })
        .collect();
    figures.add(
        "the same on two threads, per condition",
        "ns",
        together,
        None,
    );
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn nanos_each() -> f64 {
    let mut condition = Script::new(CONDITION, "audience");
    let scripts = Scripts::compile(vec![&mut condition], &[], &[]).expect("the condition compiles");
    let mut person = person();
    let frame = Frame::new(Instant::from_millis(1_700_000_000_000), Zone::Europe__Kyiv);
    let start = Stopwatch::now();
    for _ in 0..EVALUATIONS {
        assert_eq!(
            black_box(scripts.holds(&condition, &mut person, &frame)),
            Ok(true)
        );
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(EVALUATIONS)
}

fn person() -> Person {
    let mut customer = Customer::new(Arc::from("c1"));
    let tags = ["newsletter", "app", "vip", "br"].map(Value::from);
    customer.attributes = Map::from_iter([
        ("total_spent", Value::Integer(4_200)),
        (
            "last_purchase",
            Value::Instant(Instant::from_millis(1_670_000_000_000)),
        ),
        ("tags", Value::List(tags.to_vec())),
        ("city", Value::from("Kyiv")),
        ("email", Value::from("maria@example.com")),
        ("orders", Value::Integer(12)),
    ]);
    Person::new(customer)
}
