//! What a file is, told by looking into it (RULES §8): first bytes, and for OOXML the list of contents.

use std::io::{Read, Seek};

use zip::{ZipArchive, result::ZipError};

use super::{model::FileKind, rules};
use crate::{
    error::{Code, Error, Result},
    storage::{self, Incoming},
};

/// Beginning of every zip, and so of every OOXML file.
const ZIP: &[u8] = b"PK\x03\x04";
/// Most parts of a package that are looked at; a real report has some dozens.
const MAX_PARTS: usize = 10_000;
/// Most bytes of a package's list of content types.
const MAX_CONTENT_TYPES: u64 = 1 << 20;

/// The kind of a whole file.
///
/// # Errors
/// `unsupported_file_kind`, `file_has_macros`, `storage_unavailable`.
pub async fn kind_of(file: &Incoming) -> Result<FileKind> {
    if file.head().starts_with(ZIP) {
        let reader = file.reader();
        let kind = tokio::task::spawn_blocking(move || kind_of_package(reader));
        return kind.await.map_err(Error::internal)?;
    }
    rules::kind_of_head(file.head()).ok_or_else(|| rules::at_file(Code::UnsupportedFileKind))
}

fn kind_of_package(reader: impl Read + Seek) -> Result<FileKind> {
    let unsupported = || rules::at_file(Code::UnsupportedFileKind);
    let mut archive = ZipArchive::new(reader).map_err(refuse)?;
    if archive.len() > MAX_PARTS {
        return Err(unsupported());
    }
    // Office finds its parts whatever the case of their names.
    let names: Vec<String> =
        archive.file_names_raw().map(|name| String::from_utf8_lossy(name).to_lowercase()).collect();
    let mut content_types = String::new();
    archive
        .by_name("[Content_Types].xml")
        .map_err(refuse)?
        .take(MAX_CONTENT_TYPES)
        .read_to_string(&mut content_types)
        .map_err(|error| refuse(ZipError::Io(error)))?;
    rules::kind_of_package(&content_types, &names)
}

/// A file that is no package; or, where its bytes could not be had, the storage's failure.
fn refuse(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) if storage::is_failure(&error) => {
            Error { cause: Some(error.into()), ..Error::new(Code::StorageUnavailable) }
        }
        _ => rules::at_file(Code::UnsupportedFileKind),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    const WORD: &str = "<Override ContentType=\"application/vnd.openxmlformats-officedocument.\
                        wordprocessingml.document.main+xml\"/>";

    fn package(parts: &[(&str, &str)]) -> Cursor<Vec<u8>> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).expect("a part");
            writer.write_all(text.as_bytes()).expect("its text");
        }
        writer.finish().expect("a package")
    }

    fn code_of(bytes: Cursor<Vec<u8>>) -> Option<Code> {
        kind_of_package(bytes).err().map(|error| error.code)
    }

    #[test]
    fn only_whole_packages_without_macros_are_documents() {
        let document = [("[Content_Types].xml", WORD), ("word/document.xml", "<x/>")];
        assert_eq!(kind_of_package(package(&document)).ok(), Some(FileKind::Docx));
        let macros = [&document[..], &[("word/vbaProject.bin", "x")]].concat();
        assert_eq!(code_of(package(&macros)), Some(Code::FileHasMacros));
        assert_eq!(code_of(package(&[("word/document.xml", "<x/>")])), Some(Code::UnsupportedFileKind));
        let mut cut = package(&document).into_inner();
        cut.truncate(60);
        assert_eq!(code_of(Cursor::new(cut)), Some(Code::UnsupportedFileKind));
    }
}
