//! What a file of a workspace is, by its path; and what it was meant to be called, where it is called nearly so.

use super::Reading;
use super::folder_name::is_in_wrong_folder;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// The kinds of files that a workspace holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Workspace,
    /// What is different in one environment.
    Overlay,
    Profile,
    Segments,
    Journey,
    Scenario,
    Library,
    CustomerSchema,
    EventSchema,
    Template,
    /// `channels/NAME.yaml`.
    Provider,
    /// A file that would be read under another name.
    Misnamed,
    /// A file that would be read if its folder had another name.
    Misplaced,
}

/// What a path within a workspace is; none when Kurant has no use for it.
pub(crate) fn kind_of(path: &str) -> Option<FileKind> {
    let folder = path.split('/').next().filter(|_| path.contains('/'));
    let kind = match (folder, path) {
        (None, "kurant.yaml") => FileKind::Workspace,
        (None, path) if environment_of(path).is_some() => FileKind::Overlay,
        (None, "profile.yaml") => FileKind::Profile,
        (None, "segments.yaml") => FileKind::Segments,
        (Some("journeys"), _) if path.ends_with(".test.yaml") => FileKind::Scenario,
        (Some("templates"), _) if !is_aside(path) => FileKind::Template,
        _ if right_name(path).is_some_and(|right| right != path) => FileKind::Misnamed,
        (Some("journeys"), _) if path.ends_with(".yaml") => FileKind::Journey,
        (Some("rhai-lib"), _) if path.ends_with(".rhai") => FileKind::Library,
        (Some("channels"), _) if path.ends_with(".yaml") => FileKind::Provider,
        (_, "schemas/customer.json") => FileKind::CustomerSchema,
        (Some("schemas"), _) if path.starts_with("schemas/events/") && path.ends_with(".json") => {
            FileKind::EventSchema
        }
        _ if is_in_wrong_folder(path) => FileKind::Misplaced,
        _ => return None,
    };
    Some(kind)
}

/// The environment whose settings a file holds: `staging` of `kurant.staging.yaml`.
pub(crate) fn environment_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("kurant.")?.strip_suffix(".yaml")?;
    let is_letter =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    (!name.is_empty() && name.chars().all(is_letter)).then_some(name)
}

/// The path that a file was meant to have: with the ending that is read, in small letters, without a `.txt` that an editor put
/// behind it. None when it is nothing that Kurant could read.
pub(crate) fn right_name(path: &str) -> Option<String> {
    let lower = path.to_ascii_lowercase();
    let lower = lower.strip_suffix(".txt").unwrap_or(&lower);
    let stem = |ends: &[&str]| {
        let stem = ends.iter().find_map(|end| lower.strip_suffix(end))?;
        path.get(..stem.len())
    };
    match path.split_once('/').map(|(folder, _)| folder) {
        None => {
            let name = stem(&[".yaml", ".yml"])?.to_ascii_lowercase();
            let is_ours = matches!(name.as_str(), "kurant" | "profile" | "segments");
            let is_overlay = environment_of(&format!("{name}.yaml")).is_some();
            (is_ours || is_overlay).then(|| format!("{name}.yaml"))
        }
        Some("journeys") => {
            let stem = stem(&[".yaml", ".yml", ".json"])?;
            let test = [".tests", ".spec", ".test"]
                .iter()
                .find_map(|end| stem.strip_suffix(end));
            Some(match test {
                Some(test) => format!("{test}.test.yaml"),
                None => format!("{stem}.yaml"),
            })
        }
        Some("channels") => Some(format!("{}.yaml", stem(&[".yaml", ".yml"])?)),
        Some("rhai-lib") => Some(format!("{}.rhai", stem(&[".rhai"])?)),
        Some("schemas") => {
            let stem = stem(&[".json"])?;
            let is_customer = stem.eq_ignore_ascii_case("schemas/customer");
            match is_customer {
                true => Some("schemas/customer.json".to_owned()),
                false => stem
                    .starts_with("schemas/events/")
                    .then(|| format!("{stem}.json")),
            }
        }
        Some(_) => None,
    }
}

/// What an editor, a desktop or a reader keeps beside the files.
fn is_aside(path: &str) -> bool {
    path.split('/')
        .any(|part| part.starts_with('.') || part.starts_with("README") || part.ends_with('~'))
}

/// The name of a test that is saved like a journey: `journeys/x.test.yaml` for `journeys/x-test.yaml`.
fn of_test(path: &str) -> String {
    let stem = path.strip_suffix(".yaml").unwrap_or(path);
    let ends = ["-test", "_test", "-tests", "_tests"];
    let stem = ends
        .iter()
        .find_map(|end| stem.strip_suffix(end))
        .unwrap_or(stem);
    format!("{stem}.test.yaml")
}

impl Reading<'_> {
    /// A test that would be read as a journey.
    pub(super) fn unnamed_test(&self, file: FileId, path: &str) {
        let message = "this is a test, and its name does not end in `.test.yaml`";
        let report = Diagnostic::error("file-name", Span::file_start(file), message);
        self.diagnostics
            .push(report.help(format!("name it `{}`", of_test(path))));
    }

    /// Says what the file should be called.
    pub(super) fn misnamed(&self, file: FileId, path: &str, text: &str) {
        let right = right_name(path).unwrap_or_default();
        // JSON that is no journey may stand beside the journeys.
        if path.ends_with(".json") && right.ends_with(".yaml") && !text.contains("\"journey\"") {
            return;
        }
        let stem = right.trim_end_matches(".yaml").trim_end_matches(".json");
        let message = match path.strip_prefix(stem.trim_end_matches(".rhai")) {
            Some(end) if !right.ends_with(".test.yaml") => {
                format!("this file is not read: its name ends in `{end}`")
            }
            None if !right.ends_with(".test.yaml") => {
                "this file is not read under this name".to_owned()
            }
            _ if path.ends_with(".yml") => {
                "this file is not read: its name ends in `.yml`".to_owned()
            }
            _ => "this file is not read: the name of a test ends in `.test.yaml`".to_owned(),
        };
        let report = Diagnostic::error("file-name", Span::file_start(file), message);
        self.diagnostics
            .push(report.help(format!("name it `{right}`")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_right_is_told_by_the_right_one() {
        for (path, right) in [
            ("journeys/a.yaml.txt", "journeys/a.yaml"),
            ("journeys/a/B.YAML", "journeys/a/B.yaml"),
            ("journeys/a.Yml", "journeys/a.yaml"),
            ("journeys/a.json", "journeys/a.yaml"),
            ("journeys/a.tests.yml", "journeys/a.test.yaml"),
            ("journeys/a.test.yaml.txt", "journeys/a.test.yaml"),
            ("Kurant.yaml", "kurant.yaml"),
            ("segments.yaml.txt", "segments.yaml"),
            ("schemas/Customer.json", "schemas/customer.json"),
            (
                "schemas/events/order.paid.json.txt",
                "schemas/events/order.paid.json",
            ),
            ("rhai-lib/vip.rhai.txt", "rhai-lib/vip.rhai"),
            ("channels/sms.yml", "channels/sms.yaml"),
        ] {
            assert_eq!(kind_of(path), Some(FileKind::Misnamed), "{path}");
            assert_eq!(right_name(path).as_deref(), Some(right), "{path}");
        }
        for path in [
            "journeys/notes.txt",
            "journeys/a.yaml.bak",
            "readme.yaml",
            "schemas/other.json",
        ] {
            assert_eq!(kind_of(path), None, "{path}");
        }
    }
}
