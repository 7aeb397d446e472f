//! The smallest parts, which know nothing of wards, databases or HTTP.

pub mod date;
pub mod day;
pub mod id;
pub mod json;
pub mod number;
pub mod page;
pub mod patch;
pub mod text;
pub mod text_enum;
pub mod threads;
pub mod time;
