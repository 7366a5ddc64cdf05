//! Answers: what a study found, for people and for other programs.
//!
//! Every part is a pure function of a study's result, its summary or one run's record, and
//! gives the same bytes on every machine: numbers are rounded from deterministic values,
//! charts are laid out in whole pixels before the drawing library sees them, logs carry
//! simulated time. Only [`folder`] touches the disk.

pub mod answer;
pub mod chart;
pub mod csv;
pub mod diff;
pub mod events;
pub mod exemplar;
pub mod figure;
pub mod folder;
pub mod hdr;
pub mod html;
pub mod json;
pub mod markdown;
pub mod rollout;
pub mod story;
pub mod sweep;
pub mod terminal;
pub mod text;
pub mod validity;

mod manifest;
mod paint;
mod table;

#[cfg(test)]
mod fixture;
