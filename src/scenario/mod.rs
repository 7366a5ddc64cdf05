//! From what a person wrote to a study.
//!
//! The way of a scenario: bytes → [`yaml`] tree with places → edits (`--set`, `base:`) →
//! [`check`] against the field table of [`schema`] → [`checked`] values with every default in
//! place → `resolve` to the plan's types → arms, window, limits, warnings → [`Study`].
//! Everything wrong is reported at once as [`diagnostic`]s; nothing is guessed.
//!
//! [`Study`]: crate::plan::Study

mod arms;
pub mod check;
pub mod checked;
pub mod code;
pub mod describe;
pub mod diagnostic;
mod edit;
mod field_list;
pub mod files;
pub mod gallery;
pub mod instant;
mod json_schema;
mod limits;
mod lint;
mod load;
mod manifest;
pub mod names;
mod resolve;
pub mod scalar;
pub mod schema;
pub mod source;
mod study;
pub mod units;
pub mod yaml;

pub use diagnostic::{Diagnostic, Problem};
pub use edit::Edit;
pub use field_list::{FieldKind, fields_json, fields_of};
pub use files::{Embedded, Files, Folder, NoFiles};
pub use json_schema::json_schema;
pub use limits::{NS_PER_REQUEST, Prediction, predict};
pub use load::{Overrides, load, load_bytes, load_text};
pub use manifest::{Change, Imported, Manifest, import, is_manifest};
