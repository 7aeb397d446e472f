//! What kinds, names and claims are taken.

use proptest::prelude::*;

use super::*;

#[test]
fn the_first_bytes_tell_the_kind_whatever_the_name_says() {
    assert_eq!(kind_of_head(b"%PDF-1.7\n"), Some(FileKind::Pdf));
    assert_eq!(kind_of_head(b"\xff\xd8\xff\xe0\x00\x10JFIF"), Some(FileKind::Jpg));
    assert_eq!(kind_of_head(b"\x89PNG\r\n\x1a\n\x00"), Some(FileKind::Png));
    for other in [
        b"<html><script>alert(1)</script>%PDF-1.7".as_slice(),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 word 97",
        b"MZ\x90\x00",
        b"GIF89a",
        b"Rar!\x1a\x07",
        b"so,don vi\n1,2\n",
        b"",
    ] {
        assert_eq!(kind_of_head(other), None, "{}", String::from_utf8_lossy(other));
    }
}

#[test]
fn a_package_is_told_by_its_content_types_and_macros_are_refused() {
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    let excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
    let kind = |types: &str, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        kind_of_package(types, &names).map_err(|error| error.code)
    };
    assert_eq!(kind(word, &["word/document.xml"]), Ok(FileKind::Docx));
    assert_eq!(kind(excel, &["xl/workbook.xml"]), Ok(FileKind::Xlsx));
    assert_eq!(kind(word, &["xl/workbook.xml"]), Err(Code::UnsupportedFileKind));
    assert_eq!(kind("application/epub+zip", &["word/x"]), Err(Code::UnsupportedFileKind));
    assert_eq!(kind(word, &["word/document.xml", "word/vbaproject.bin"]), Err(Code::FileHasMacros));
    let renamed = format!("{word} application/vnd.ms-office.vbaProject");
    assert_eq!(kind(&renamed, &["word/document.xml", "word/theme9.bin"]), Err(Code::FileHasMacros));
    let enabled = "application/vnd.ms-word.document.macroEnabled.main+xml";
    assert_eq!(kind(enabled, &["word/document.xml"]), Err(Code::FileHasMacros));
}

#[test]
fn a_name_or_a_type_that_lies_is_told() {
    let lies = |kind, name, media_type| check_claims(kind, name, media_type).is_err();
    for (name, media_type) in [
        ("bien-ban.pdf", None),
        ("BIEN BAN.PDF", Some("application/pdf")),
        ("Báo cáo 12.KH-UBND", Some("application/octet-stream")),
        ("khong-duoi", None),
        ("", None),
    ] {
        assert!(!lies(FileKind::Pdf, name, media_type), "{name} {media_type:?}");
    }
    for (name, media_type) in [
        ("bien-ban.docx", None),
        ("bien-ban.pdf.exe", None),
        ("trang.html", None),
        ("bien-ban.\u{202E}pdf.exe", None),
        ("bien-ban.pdf", Some("text/html")),
        ("bien-ban.pdf", Some("image/png")),
    ] {
        assert!(lies(FileKind::Pdf, name, media_type), "{name} {media_type:?}");
    }
    assert!(!lies(FileKind::Xlsx, "so-lieu.xlsx", Some("application/vnd.ms-excel")));
}

#[test]
fn names_are_made_safe_and_keep_their_marks() {
    for (given, kind, expected) in [
        ("Biên bản kiểm tra.PDF", FileKind::Pdf, "Biên bản kiểm tra.pdf"),
        ("C:\\Users\\an\\Tài liệu\\so lieu.xlsx", FileKind::Xlsx, "so lieu.xlsx"),
        ("../../etc/passwd", FileKind::Png, "passwd.png"),
        ("anh.JPEG", FileKind::Jpg, "anh.jpg"),
        ("Báo cáo 12.KH-UBND", FileKind::Pdf, "Báo cáo 12.KH-UBND.pdf"),
        ("a\u{202E}fdp\r\n\0.pdf", FileKind::Pdf, "afdp.pdf"),
        ("<a href=\"x\">?.pdf", FileKind::Pdf, "_a href=_x___.pdf"),
        ("...", FileKind::Docx, "tai-lieu.docx"),
        ("", FileKind::Docx, "tai-lieu.docx"),
        ("e\u{302}\u{301}.pdf", FileKind::Pdf, "ế.pdf"),
    ] {
        assert_eq!(safe_name(given, kind), expected, "{given:?}");
    }
}

#[test]
fn a_name_travels_whole_in_the_header() {
    assert_eq!(
        content_disposition("Quyết định số 12.pdf"),
        "attachment; filename=\"quyet dinh so 12.pdf\"; \
         filename*=UTF-8''Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh%20s%E1%BB%91%2012.pdf"
    );
}

proptest! {
    #[test]
    fn whatever_is_sent_the_name_is_one_plain_line_of_bounded_length(given in "\\PC{0,300}|.{0,300}") {
        let name = safe_name(&given, FileKind::Pdf);
        prop_assert!(name.ends_with(".pdf") && name.chars().count() <= MAX_STEM + 4);
        let unsafe_ones = ['/', '\\', '"', '\r', '\n', '\0', '\u{202E}', ';', '%'];
        prop_assert!(!name.contains(unsafe_ones));
        prop_assert!(!name.starts_with(['.', ' ']));
        let header = content_disposition(&name);
        prop_assert!(header.is_ascii() && !header.contains(['\r', '\n']));
        prop_assert_eq!(safe_name(&name, FileKind::Pdf), name);
    }
}
