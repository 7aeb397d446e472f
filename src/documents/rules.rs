//! Which kinds of files are taken, what their names and types may claim, and how a name is made safe (RULES §8).

use chrono::Datelike;

use super::model::{Description, FileKind};
use crate::{
    error::{Code, Error, Faults, FieldError, Result},
    kernel::text,
};

/// Longest name of a file without its extension, in characters.
const MAX_STEM: usize = 120;
/// Longest title and number, in characters.
const MAX_TITLE: usize = 300;
const MAX_NUMBER: usize = 60;

/// What is known of a kind.
struct Facts {
    kind: FileKind,
    /// The one it is given, then others that fit.
    extensions: &'static [&'static str],
    /// The one it is served as, then others that programs send for it.
    media_types: &'static [&'static str],
}

/// The kinds that are taken. Not among them, though offices use them: `doc` and `xls`, whose container hides macros and
/// looks like an installer's; pages and vector pictures, which run scripts; archives, which hide anything.
#[rustfmt::skip]
const KINDS: &[Facts] = &[
    Facts { kind: FileKind::Pdf, extensions: &["pdf"], media_types: &["application/pdf", "application/x-pdf"] },
    Facts { kind: FileKind::Docx, extensions: &["docx"], media_types: &[
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/msword", "application/zip",
        "application/x-zip-compressed"] },
    Facts { kind: FileKind::Xlsx, extensions: &["xlsx"], media_types: &[
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.ms-excel", "application/zip",
        "application/x-zip-compressed"] },
    Facts { kind: FileKind::Jpg, extensions: &["jpg", "jpeg", "jpe", "jfif"], media_types: &["image/jpeg", "image/jpg", "image/pjpeg"] },
    Facts { kind: FileKind::Png, extensions: &["png"], media_types: &["image/png", "image/x-png"] },
];

/// Extensions of other kinds: a name that ends so, over content that is taken, lies. What follows the last dot of
/// `Báo cáo 12.KH-UBND` is in no list, so it is part of the name.
#[rustfmt::skip]
const FOREIGN: &[&str] = &[
    "7z", "apk", "app", "bat", "bin", "bmp", "chm", "cmd", "com", "cpl", "csv", "dll", "doc", "docm", "dot", "dotm",
    "dotx", "eml", "exe", "gif", "gz", "hta", "htm", "html", "ico", "iso", "jar", "js", "json", "lnk", "mht", "mhtml",
    "mp3", "mp4", "msg", "msi", "odp", "ods", "odt", "php", "pif", "pot", "potx", "pps", "ppsx", "ppt", "pptm", "pptx",
    "ps1", "py", "rar", "rtf", "scr", "sh", "svg", "swf", "tar", "tgz", "tif", "tiff", "txt", "url", "vbs", "webp",
    "wsf", "xhtml", "xls", "xlsb", "xlsm", "xlt", "xltm", "xltx", "xml", "zip",
];

fn facts(kind: FileKind) -> Option<&'static Facts> {
    KINDS.iter().find(|facts| facts.kind == kind)
}

/// The media type that a kind is served as; never one that a browser would run.
#[must_use]
pub fn media_type(kind: FileKind) -> &'static str {
    facts(kind).and_then(|facts| facts.media_types.first()).copied().unwrap_or("application/octet-stream")
}

/// The kind that the first bytes tell; `None` for all that is not taken, and for OOXML, which is told from within.
#[must_use]
pub fn kind_of_head(head: &[u8]) -> Option<FileKind> {
    match infer::get(head)?.mime_type() {
        // Readers forgive what stands before the mark; a page hidden there is not forgiven.
        "application/pdf" if head.starts_with(b"%PDF-") => Some(FileKind::Pdf),
        "image/jpeg" => Some(FileKind::Jpg),
        "image/png" if head.starts_with(b"\x89PNG\r\n\x1a\n") => Some(FileKind::Png),
        _ => None,
    }
}

/// The kind that a package's list of content types tells, if it is one of ours.
///
/// # Errors
/// `file_has_macros`, `unsupported_file_kind`.
pub fn kind_of_package(content_types: &str, names: &[String]) -> Result<FileKind> {
    let types = content_types.to_ascii_lowercase();
    let has = |word: &str| types.contains(word) || names.iter().any(|name| name.contains(word));
    if ["macroenabled", "vbaproject", "macrosheet"].into_iter().any(has) {
        return Err(at_file(Code::FileHasMacros));
    }
    let holds = |folder: &str| names.iter().any(|name| name.starts_with(folder));
    if types.contains("wordprocessingml.document.main+xml") && holds("word/") {
        Ok(FileKind::Docx)
    } else if types.contains("spreadsheetml.sheet.main+xml") && holds("xl/") {
        Ok(FileKind::Xlsx)
    } else {
        Err(at_file(Code::UnsupportedFileKind))
    }
}

/// Whether name and stated type go with the kind that the content has.
///
/// # Errors
/// `file_kind_mismatch`.
pub fn check_claims(kind: FileKind, name: &str, media_type: Option<&str>) -> Result<()> {
    let Some(facts) = facts(kind) else { return Err(at_file(Code::UnsupportedFileKind)) };
    let name = visible_part(name);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let name_lies =
        extension.is_some_and(|extension| is_known(&extension) && !has(facts.extensions, &extension));
    let type_lies = media_type.is_some_and(|stated| {
        stated != "application/octet-stream" && !has(facts.media_types, &stated.to_ascii_lowercase())
    });
    if name_lies || type_lies { Err(at_file(Code::FileKindMismatch)) } else { Ok(()) }
}

fn has(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

fn is_known(extension: &str) -> bool {
    has(FOREIGN, extension) || KINDS.iter().any(|facts| has(facts.extensions, extension))
}

/// A refusal that points at the file.
#[must_use]
pub fn at_file(code: Code) -> Error {
    Error::fields(code, vec![FieldError::new("/file", code)])
}

/// The last part of a path, without what cannot be seen: control characters, and marks that turn the direction of writing
/// (which make `gpj.exe` look like `exe.jpg`).
fn visible_part(name: &str) -> String {
    let composed = text::clean(name);
    let last = composed.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns = |c: &char| matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    last.chars().filter(|c| !c.is_control() && !turns(c)).collect::<String>().trim().to_owned()
}

/// A name that every system can keep, with the extension that goes with the content.
#[must_use]
pub fn safe_name(given: &str, kind: FileKind) -> String {
    let visible = visible_part(given);
    let stem = match visible.rsplit_once('.') {
        Some((stem, extension)) if is_known(&extension.to_ascii_lowercase()) => stem,
        _ => &visible,
    };
    let kept: String =
        stem.chars().map(|c| if r#"<>:"|?*%;"#.contains(c) { '_' } else { c }).take(MAX_STEM).collect();
    let kept = kept.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let stem = if kept.is_empty() { "tai-lieu" } else { kept };
    format!("{stem}.{kind}")
}

/// The header under which a file is handed out: to be saved, under its own name (RFC 6266, RFC 5987).
#[must_use]
pub fn content_disposition(name: &str) -> String {
    let plain: String = text::search_key(name)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// The description without outer blanks; what is empty is absent.
#[must_use]
pub fn tidy(description: Description) -> Description {
    let tidy = |text: Option<String>| text.map(|text| text::clean(&text)).filter(|text| !text.is_empty());
    Description { title: tidy(description.title), number: tidy(description.number), ..description }
}

/// What is wrong with a description.
#[must_use]
pub fn check_description(description: &Description) -> Faults {
    let mut faults = Faults::new();
    faults.check_text("/title", description.title.as_deref().unwrap_or_default(), 0, MAX_TITLE);
    faults.check_text("/number", description.number.as_deref().unwrap_or_default(), 0, MAX_NUMBER);
    if description.issued_on.is_some_and(|date| !(1945..=2999).contains(&date.year())) {
        faults.add("/issued_on", Code::OutOfRange);
    }
    faults
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
