//! A file made for one caller: saved, never shown, never stored on the way.

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody, http::header};

use crate::kernel::text::ascii_code;

/// A file on its way out.
#[derive(Debug)]
pub struct Download {
    /// The name to save it under; what is no plain letter or digit in it becomes a hyphen.
    pub file_name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A file's content, as the document describes it in requests and answers.
#[derive(Debug, utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "it only describes")]
pub struct FileContent(Vec<u8>);

impl Responder for Download {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        let disposition = format!("attachment; filename=\"{}\"", plain_name(&self.file_name));
        HttpResponse::Ok()
            .content_type(self.media_type)
            .insert_header((header::CONTENT_DISPOSITION, disposition))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(self.bytes)
    }
}

fn plain_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ascii_code(name).chars().map(|c| if plain(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_holds_nothing_that_a_header_or_a_disk_would_read() {
        assert_eq!(plain_name("long-my_2026-H1_bao-cao.xlsx"), "long-my_2026-H1_bao-cao.xlsx");
        assert_eq!(plain_name("kỳ\"\r\n/đột.csv"), "k-----dd-t.csv");
    }
}
