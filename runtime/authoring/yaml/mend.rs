//! What a fault is to its author, and what to read instead so that the rest of the file can be checked too.

mod beside;
mod blank;
mod block;
mod dash;
mod flow;
mod indent;
mod quote;
mod slashes;

use granit_parser::ErrorKind;

pub(super) use blank::blanks;
pub(super) use dash::dashes;
pub(super) use slashes::after_word;

use super::build::{Fault, FaultKind, MAX_DEPTH, MAX_NODES};
use super::edits::{Edit, Edits};
use super::line::Line;
use super::trap;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// A fault explained, and the edits after which the reading can go on.
struct Mend {
    report: Diagnostic,
    edits: Vec<Edit>,
}

/// The text as written and the fault's place in it.
struct Scene<'t> {
    text: &'t str,
    edits: &'t Edits<'t>,
    file: FileId,
    at: usize,
    line: Line,
    /// Where the outermost open `[` or `{` stands.
    flow: Option<usize>,
    /// Where the value begins that the parser was about to read, as far as known.
    pending: usize,
}

impl Scene<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn error(
        &self,
        code: &'static str,
        range: std::ops::Range<usize>,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, self.span(range.start, range.end), message)
    }

    /// The line as it should be, with `value` in place of its value.
    fn rewritten(&self, line: &Line, value: &str) -> String {
        match &line.key {
            Some(key) => format!("{}: {value}", &self.text[key.clone()]),
            None if self.text[line.range.start..line.content].contains('-') => format!("- {value}"),
            None => value.to_owned(),
        }
    }
}

/// Reports the fault and mends the text. `false` when nothing more can be read.
pub(super) fn mend(
    fault: &Fault,
    edits: &mut Edits<'_>,
    file: FileId,
    diagnostics: &Diagnostics,
) -> bool {
    let text = edits.written();
    let at = edits.start_of(fault.at).min(text.len());
    let pending = edits.end_of(fault.last_end).min(text.len());
    let flow = fault.flow.map(|at| edits.start_of(at));
    let scene = Scene {
        text,
        edits,
        file,
        at,
        line: Line::at(text, at),
        flow,
        pending,
    };
    if let Some(report) = hopeless(&scene, &fault.kind) {
        diagnostics.push(report);
        return false;
    }
    let mend = match &fault.kind {
        FaultKind::Scan(kind) => by_error(&scene, kind),
        FaultKind::Tag => quote::tag(&scene),
        FaultKind::CutByComma => flow::cut_by_comma(&scene),
        FaultKind::CutInside => flow::cut_inside(&scene),
        FaultKind::NoSpaceAfterColon => flow::no_space(&scene),
        FaultKind::ItemSwallowed => indent::item_swallowed(&scene),
        FaultKind::TooDeep | FaultKind::TooManyNodes => None,
    };
    let Mend {
        report,
        edits: wanted,
    } = mend.unwrap_or_else(|| unknown(&scene, &fault.kind));
    let block = block::whole(text, &scene.line);
    if edits.add(wanted) {
        diagnostics.push(report);
        return true;
    }
    // The line was mended before and is still no good: it has its report, so it is passed over in silence.
    edits.overrule(Edit::lost(block))
}

fn hopeless(scene: &Scene<'_>, kind: &FaultKind) -> Option<Diagnostic> {
    let place = scene.at..scene.at + 1;
    match kind {
        FaultKind::TooDeep | FaultKind::Scan(ErrorKind::RecursionLimitExceeded) => Some(
            scene
                .error("too-deep", place, format!("lists and mappings are nested deeper than {MAX_DEPTH} levels here"))
                .help("take some levels away; steps that belong together can be a journey of their own, begun with `start`"),
        ),
        FaultKind::TooManyNodes => Some(
            scene
                .error("too-many-values", place, format!("the file holds more than {MAX_NODES} keys and values"))
                .help("split it into several files"),
        ),
        _ => None,
    }
}

fn by_error(scene: &Scene<'_>, kind: &ErrorKind) -> Option<Mend> {
    use ErrorKind as E;
    match kind {
        E::TabInBlockIndentation
        | E::TabInPlainScalar
        | E::TabInIndentation
        | E::TabNotAllowed
        | E::TabAtBlockScalarStart => indent::tabs(scene),
        E::UnclosedQuotedScalar => quote::unclosed(scene, scene.at),
        E::InvalidTrailingSingleQuotedScalar
        | E::InvalidTrailingDoubleQuotedScalar
        | E::DocumentIndicatorInQuotedScalar
        | E::InvalidQuotedScalarIndent => quote::trailing(scene),
        E::UnknownQuotedScalarEscape
        | E::InvalidQuotedScalarHexEscape
        | E::InvalidLowSurrogateHexEscape
        | E::InvalidLowSurrogate
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate
        | E::InvalidUnicodeEscape => quote::bad_escape(scene),
        E::UnexpectedCharacter { character } if character.is_control() => {
            block::control_character(scene)
        }
        E::DirectiveDisallowed => block::stray_sign(scene).or_else(|| block::directive(scene)),
        E::BomInsideDocument => block::control_character(scene),
        E::CommentInterceptedScalar => block::comment_between(scene),
        E::CommentNotSeparated => block::tight_comment(scene),
        E::UnclosedFlowCollection { .. }
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofImplicitFlowMapping => flow::fault(scene),
        _ if scene.flow.is_some() => flow::fault(scene),
        E::MappingValueNotAllowed => block::mapping_value(scene),
        E::SimpleKeyExpected => block::no_colon(scene, &scene.line),
        E::BlockSequenceEntryNotAllowed => {
            block::list_beside_key(scene).or_else(|| indent::indentation(scene))
        }
        E::MissingDocumentEndBeforeDirective | E::ExpectedDocumentStart => block::stray(scene),
        _ => quote::whole_value(scene, &scene.line)
            .or_else(|| block::stray_sign(scene))
            .or_else(|| indent::indentation(scene)),
    }
}

/// Nothing better is known than what the parser says: the line is passed over.
fn unknown(scene: &Scene<'_>, kind: &FaultKind) -> Mend {
    let what = match kind {
        FaultKind::Scan(kind) => kind.to_string(),
        _ => "a value that YAML cuts in two".to_owned(),
    };
    let value = &scene.text[scene.line.value.clone()];
    let report = scene.error(
        "yaml-syntax",
        scene.at..scene.at + 1,
        format!("YAML cannot read this line: {what}"),
    );
    let report = if value.is_empty() {
        report.help("compare its indentation, colons and brackets with the lines around it")
    } else {
        let line = scene.rewritten(&scene.line, &trap::quoted(trap::meant(value)));
        report.help(format!(
            "if the value is text, put it in single quotes: `{line}`"
        ))
    };
    Mend {
        report,
        edits: vec![Edit::lost(block::whole(scene.text, &scene.line))],
    }
}
