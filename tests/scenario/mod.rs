//! What scenarios resolve to: defaults, manifests, data files, arms, windows, warnings.

mod arms;
mod defaults;
mod json_schema;
mod lint;
mod manifests;
mod objectives;
mod profiles;
mod values;

use cutover::plan::Study;
use cutover::scenario::{NoFiles, Overrides, load_text};

/// The shortest scenario, with more fields if wanted.
pub fn minimal(more: &str) -> String {
    format!(
        "name: minimal\n\
         traffic: [{{name: web, arrivals: {{poisson: {{rate: 100/s}}}}, service_time: 20ms}}]\n\
         strategies: [{{name: rolling, rolling: {{}}}}]\n{more}"
    )
}

/// Loads a text without files.
pub fn loaded(text: &str) -> Study {
    load_text("test", text, &NoFiles, &Overrides::default())
        .unwrap_or_else(|problem| panic!("{problem}"))
}
