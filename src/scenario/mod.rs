//! From what a person wrote to a study: parse, check, resolve, lint.

pub mod check;
pub mod checked;
pub mod code;
pub mod describe;
pub mod diagnostic;
pub mod files;
pub mod instant;
pub mod names;
pub mod scalar;
pub mod schema;
pub mod source;
pub mod units;
pub mod yaml;
