//! Exports: a period's results as a spreadsheet, a document, CSV or JSON.

pub mod http;
