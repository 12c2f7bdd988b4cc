//! Opens `${env:NAME}` and `${file:PATH}`: the one place that reads the environment.

use std::path::Path;

use crate::error::Error;

/// A setting with its secrets filled in. Files are looked for in the workspace's folder; one newline at their end is none of theirs.
pub(crate) fn open(folder: &Path, setting: &str) -> Result<String, Error> {
    let mut opened = String::new();
    let mut rest = setting;
    while let Some(begin) = rest.find("${") {
        let Some(length) = rest[begin..].find('}') else {
            break;
        };
        let name = &rest[begin + 2..begin + length];
        let value = match name.split_once(':') {
            Some(("env", name)) => variable(name)?,
            Some(("file", path)) => file(&folder.join(path))?,
            _ => rest[begin..=begin + length].to_owned(),
        };
        opened.push_str(&rest[..begin]);
        opened.push_str(&value);
        rest = &rest[begin + length + 1..];
    }
    opened.push_str(rest);
    Ok(opened)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn variable(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| {
        Error::failure(format!(
            "the workspace asks for the environment variable {name}, which is not set"
        ))
        .hint(format!("set it, then start again: `export {name}=...`"))
    })
}

fn file(path: &Path) -> Result<String, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::failure(format!(
            "the workspace asks for the file {}: {error}",
            path.display()
        ))
    })?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        let folder = Path::new(".");
        for text in ["amqp://rabbit", "a ${other:x} b", "${env:UNCLOSED", ""] {
            assert_eq!(open(folder, text).unwrap(), text);
        }
    }

    #[test]
    fn secrets_are_filled_in_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "s3cret\n").unwrap();
        let opened = open(folder.path(), "amqp://shop:${file:password}@rabbit").unwrap();
        assert_eq!(opened, "amqp://shop:s3cret@rabbit");
        let missing = open(folder.path(), "${env:KURANT_NOBODY_SETS_THIS}").unwrap_err();
        assert!(missing.to_string().contains("KURANT_NOBODY_SETS_THIS"));
    }
}
