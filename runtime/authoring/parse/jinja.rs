//! What is wrong with a text that is Jinja and sees these names.

use minijinja::{Environment, Error};

use crate::check::template_calls;
use crate::diagnostic::Problem;
use crate::suggest::{either, nearest};

/// All that is wrong with it.
pub(super) fn problems(environment: &Environment<'_>, text: &str, known: &[&str]) -> Vec<Problem> {
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => return vec![no_jinja(&error)],
    };
    let mut problems = Vec::new();
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|name| !known.contains(&name.as_str()));
    unknown.sort();
    for name in unknown {
        let problem = Problem::new(
            "template-variable",
            format!("nothing here is called `{name}`"),
        );
        problems.push(match nearest(&name, known.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None if known.is_empty() => problem.help("name it under `needs` or `takes`"),
            None => problem.help(format!(
                "name it under `needs` or `takes`; known here: {}",
                either(known.iter().copied())
            )),
        });
    }
    for found in template_calls::findings(environment, text, &|_| false) {
        problems.push(Problem::new("template-function", found.message).help(found.help));
    }
    problems
}

fn no_jinja(error: &Error) -> Problem {
    let why = error.detail().unwrap_or("it can't be read");
    Problem::new("template-syntax", format!("this is no Jinja: {why}"))
        .help("write `{{ NAME }}` where a value belongs")
}
