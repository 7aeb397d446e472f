//! Exports: a period's results as a spreadsheet, a document, CSV or JSON.
//!
//! All four are written from one [`model::Report`]: what a caller may read is decided once, when it is read.
//! Explanations, notes and names of persons are no part of it.

pub mod actions;
mod columns;
mod csv;
mod docx;
pub mod http;
pub mod labels;
pub mod model;
mod xlsx;
