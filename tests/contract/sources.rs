//! The sources, read as text.

use std::path::{Path, PathBuf};

/// A Rust file.
pub struct Source {
    /// `src/units/http.rs`
    pub path: String,
    pub text: String,
}

impl Source {
    /// Segments below `src`: `["units", "http"]`; `mod` is left out.
    pub fn module(&self) -> Vec<&str> {
        let below = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        below.split('/').filter(|segment| *segment != "mod").collect()
    }

    /// What is compiled into the product: no comments, no tests at the end of the file.
    pub fn code(&self) -> String {
        let code = self.text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().map(|line| match line.find("//") {
            // A `//` within a text is part of a URL; what matters here stands at the beginning of a line or after code.
            Some(at) if !line.get(..at).is_some_and(|before| before.contains('"')) => {
                line.get(..at).unwrap_or_default()
            }
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The paths below this crate that the file names: `["access", "actor", "Role"]`, from `use` and from inline.
    pub fn crate_paths(&self) -> Vec<Vec<String>> {
        let code = self.code();
        let mut found = Vec::new();
        for (at, _) in code.match_indices("crate::") {
            let dollar = at.checked_sub(1).and_then(|before| code.get(before..at)) == Some("$");
            if !dollar {
                let rest = code.get(at + "crate::".len()..).unwrap_or_default();
                read_tree(rest, &[], &mut found);
            }
        }
        found
    }

    /// Types that have a schema, by derive or by macro.
    pub fn schema_names(&self) -> Vec<String> {
        let code = self.code();
        let mut found = Vec::new();
        let mut is_described = false;
        for line in code.lines().map(str::trim) {
            is_described |= line.ends_with("! {") || (line.contains("ToSchema") && !line.starts_with("use "));
            let item = line.split_once(") ").filter(|(scope, _)| scope.starts_with("pub("));
            let item = item.map_or(line.strip_prefix("pub ").unwrap_or(line), |(_, item)| item);
            let declared = item.strip_prefix("struct ").or_else(|| item.strip_prefix("enum "));
            let text = declared.unwrap_or(item);
            let (name, rest) = text.split_at(text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len()));
            // A macro takes a name alone, or with its fields.
            let is_alone = name.starts_with(char::is_uppercase) && matches!(rest, "" | " {" | " {}");
            let is_type = declared.is_some() || is_alone;
            if is_described && is_type && !name.is_empty() {
                found.push(name.to_owned());
            }
            is_described &= !is_type && !line.starts_with("macro_rules");
        }
        found
    }

    /// Functions longer than this many lines: name, first line, length.
    pub fn long_functions(&self, limit: usize) -> Vec<(String, usize, usize)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut found = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let Some(name) = function_name(line) else { continue };
            let indent = line.len() - line.trim_start().len();
            let length = lines.get(at..).and_then(|rest| length_of(rest, indent));
            found.extend(
                length.filter(|length| *length > limit).map(|length| (name.to_owned(), at + 1, length)),
            );
        }
        found
    }
}

/// Reads a use tree (`a::{b, c::d}`) or a path (`a::b(`), notes every path in it, and gives what follows.
fn read_tree<'t>(text: &'t str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut inner) = text.strip_prefix('{') {
        loop {
            let rest = read_tree(inner, prefix, found).trim_start().trim_start_matches(',').trim_start();
            // What is no use tree, such as a block of code, makes no progress and ends here.
            if rest.is_empty() || rest.starts_with('}') || rest.len() == inner.len() {
                return rest.strip_prefix('}').unwrap_or(rest);
            }
            inner = rest;
        }
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return text;
    }
    let path = [prefix, &[name.to_owned()]].concat();
    if let Some(below) = rest.strip_prefix("::") {
        return read_tree(below, &path, found);
    }
    found.push(path);
    match rest.strip_prefix(" as ") {
        Some(renamed) => renamed.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => rest,
    }
}

fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async ", "extern \"C\" "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()
}

/// Lines of the function that begins here; none for a declaration or a function of one line.
fn length_of(lines: &[&str], indent: usize) -> Option<usize> {
    let at_indent = |line: &&str| !line.trim().is_empty() && line.len() - line.trim_start().len() <= indent;
    let head = lines
        .iter()
        .position(|line| at_indent(line) && (line.ends_with('{') || line.ends_with([';', '}'])))?;
    if !lines.get(head)?.ends_with('{') {
        return None;
    }
    let body = lines.get(head + 1..)?.iter().position(at_indent)?;
    Some(head + body + 2)
}

/// All Rust files below this folder, in order.
pub fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files);
    files.sort();
    let read = files.into_iter().map(|file| Source {
        text: std::fs::read_to_string(&file).expect("a source file"),
        path: file.to_string_lossy().into_owned(),
    });
    read.collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())).flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn paths_are_read_out_of_use_trees() {
    let text = "use crate::{\n    a::{b::C, d},\n    e,\n};\nfn f() { crate::g::h(1); use crate::i as j; }";
    let source = Source { path: "src/x.rs".into(), text: text.into() };
    let paths: Vec<String> = source.crate_paths().iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["a::b::C", "a::d", "e", "g::h", "i"]);
}

#[test]
fn long_functions_are_measured_from_signature_to_brace() {
    let text = "impl A {\n    pub async fn long(\n        a: u8,\n    ) -> u8 {\n        a\n    }\n    fn short() {}\n}\nfn one() -> u8 {\n    1\n}\n";
    let source = Source { path: "src/x.rs".into(), text: text.into() };
    assert_eq!(source.long_functions(2), [("long".to_owned(), 2, 5), ("one".to_owned(), 9, 3)]);
}
