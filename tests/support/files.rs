//! Files as people have them, and the form in which they are sent.

use std::{io::Write, path::Path};

use cchc::kernel::id::RawId;
use reqwest::Method;
use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    app::App,
    client::{Call, Client},
};

const BOUNDARY: &str = "----long-my-2026";
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
const EXCEL: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";

/// A PDF that says this.
pub fn pdf(text: &str) -> Vec<u8> {
    format!("%PDF-1.7\n% {text}\n%%EOF\n").into_bytes()
}

/// A PNG, a JPEG: what begins like one.
pub fn png() -> Vec<u8> {
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()
}

pub fn jpg() -> Vec<u8> {
    b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec()
}

/// A Word document with these parts beside its own.
pub fn docx(more: &[&str]) -> Vec<u8> {
    package(WORD, &[&["word/document.xml"], more].concat())
}

/// An Excel workbook.
pub fn xlsx() -> Vec<u8> {
    package(EXCEL, &["xl/workbook.xml"])
}

fn package(content_type: &str, names: &[&str]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let types = format!("<Types><Override ContentType=\"{content_type}\"/></Types>");
    let parts = names.iter().map(|name| (*name, "<x/>")).chain([("[Content_Types].xml", types.as_str())]);
    for (name, text) in parts {
        writer.start_file(name, SimpleFileOptions::default()).expect("a part");
        writer.write_all(text.as_bytes()).expect("its text");
    }
    writer.finish().expect("a package").into_inner()
}

/// SHA-256, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A `multipart/form-data` body.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<u8>);

impl Form {
    /// A form with one file.
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        Self::default().file(name, "application/octet-stream", bytes)
    }

    /// With a file.
    pub fn file(mut self, name: &str, media_type: &str, bytes: &[u8]) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: {media_type}\r\n\r\n"
        );
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// With a field.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        let part =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        self.0.extend_from_slice(part.as_bytes());
        self
    }

    /// Its media type.
    pub fn media_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        [&self.0[..], format!("--{BOUNDARY}--\r\n").as_bytes()].concat()
    }
}

impl Client {
    /// Brings a document in.
    pub fn upload(&self, form: &Form) -> Call {
        self.call(Method::POST, "/api/v1/documents").raw(&Form::media_type(), form.bytes())
    }
}

impl App {
    /// All files below the place of documents, as paths.
    pub fn stored_files(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(self.files(), &mut found);
        found.sort();
        found
    }

    /// The stored files once nothing is on its way out: removing goes on after the answer.
    pub async fn settled_files(&self, expected: usize) -> Vec<String> {
        for _ in 0..200 {
            let found = self.stored_files();
            if found.len() == expected {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        self.stored_files()
    }

    /// Adds a document of a unit of Long Mỹ past all rules. Gives its id.
    pub fn add_document(&self, unit: &str, uploaded_by: &str, bytes: &[u8]) -> String {
        let (ward, unit, by) = (self.ward("long-my"), self.unit(unit), self.account(uploaded_by));
        let (id, hash) = (RawId::generate(), sha256(bytes));
        let key = format!("files/{ward}/{hash}.{}", RawId::generate());
        let path = self.files().join(&key);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, bytes).expect("the file");
        let size = bytes.len();
        self.sql(&format!(
            "INSERT INTO document_files (ward_id, sha256, object_key, kind, size_bytes) \
             VALUES ('{ward}', '{hash}', '{key}', 'pdf', {size})"
        ));
        self.sql(&format!(
            "INSERT INTO documents (id, ward_id, unit_id, sha256, name, name_lower, search_key, uploaded_by, \
             uploaded_at, version) VALUES ('{id}', '{ward}', '{unit}', '{hash}', 'mau.pdf', 'mau.pdf', 'mau.pdf', \
             '{by}', '2026-06-01 00:00:00', 1)"
        ));
        id.to_string()
    }
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
}
