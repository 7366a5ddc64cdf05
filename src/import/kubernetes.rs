//! A Deployment and what stands beside it, as a whole scenario to start from.
//!
//! What the cluster says is written with the manifest's field beside it. What it cannot say
//! (traffic, service times, how long a pod takes to start) is assumed, in lines that say so.
//! What became of each field stands at the end.

use super::tree::{Tree, comment, flow, line, quoted};
use crate::plan::ManifestVerdict;
use crate::scenario::Imported;
use crate::scenario::yaml::Node;

/// Requests that a pod serves at once.
const WORKERS: u32 = 2;
/// Requests a second for each pod: with the service time assumed, 42 % of what it could serve.
const RATE: u32 = 30;
/// Traffic stops growing with the pods here, so that a run of a large Deployment stays short.
const MOST_PODS: u32 = 100;

/// What is written, and what is to be told beside it.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    /// The scenario file.
    pub text: String,
    /// The scenario's name.
    pub name: String,
    /// What is assumed for want of better, in one sentence.
    pub assumed: String,
    /// Lines that say what became of each field of the manifests.
    pub notes: Vec<String>,
}

/// Writes the scenario. `file` is where the manifests come from.
#[must_use]
pub fn scenario(imported: &Imported, file: &str) -> Written {
    let mut tree = Tree::default();
    for change in &imported.manifest.edits {
        let note = if change.edit.path.starts_with("service.replicas") || told(&change.field) {
            change.field.as_str()
        } else {
            "not in the manifest: Kubernetes' default"
        };
        tree.put(&change.edit.path, flow(&change.edit.value), note);
    }
    let replicas: u32 =
        tree.get("service.replicas").and_then(|text| text.parse().ok()).unwrap_or(1);
    if tree.get("service.replicas").is_none() {
        tree.put("service.replicas", "1".to_owned(), "not in the manifest: Kubernetes' default");
    }
    assume(&mut tree, imported);
    let rate = RATE * replicas.clamp(1, MOST_PODS);
    let name = scenario_name(&imported.name);
    let notes = notes(imported);
    let mut text = head(imported, file, &name, rate);
    for section in ["balancer", "service", "platform"] {
        let mut block = String::new();
        tree.write_section(section, &mut block);
        if !block.is_empty() {
            text.push_str(&block);
            text.push('\n');
        }
    }
    text.push_str(REST);
    text.push_str(&strategy(&imported.manifest.strategy));
    text.push_str("\n# What became of each field of the manifests:\n");
    for note in &notes {
        text.push_str(&format!("#   {}\n", comment(note)));
    }
    let assumed = format!(
        "assumed {rate} requests a second, service times of 20 ms (p99 120 ms), {WORKERS} workers \
         a pod and a start of 8 s (p99 25 s)"
    );
    Written { text, name, assumed, notes }
}

/// Whether an edit comes from a field that the manifest has.
fn told(field: &str) -> bool {
    !field.ends_with(".spec") && !field.ends_with("containers[0]")
}

fn assume(tree: &mut Tree, imported: &Imported) {
    let cpu = imported.cpu.as_ref().map_or(String::new(), |cpu| format!(" (cpu {cpu})"));
    let workers = format!("ASSUMED: requests a pod serves at once{cpu}");
    tree.put("service.workers", WORKERS.to_string(), &workers);
    let boot = "{ lognormal: { p50: 8s, p99: 25s } }".to_owned();
    tree.put("service.startup.boot", boot, "ASSUMED: container start to listening");
    tree.put("service.startup.pull", "4s".to_owned(), "ASSUMED: once a node and version");
    if imported.init_containers > 0 {
        let note = format!("ASSUMED: {} init container(s), measure", imported.init_containers);
        tree.put("service.startup.init", "0s".to_owned(), &note);
    }
}

fn head(imported: &Imported, file: &str, name: &str, rate: u32) -> String {
    let whole = match imported.namespace.as_str() {
        "" => imported.name.clone(),
        namespace => format!("{namespace}/{}", imported.name),
    };
    let mut text = format!(
        "# Deployment {}, from {}.\n\
         # A cluster does not say what comes to it: correct the lines marked ASSUMED first, then\n\
         #   cutover validate FILE, cutover run FILE, cutover compare FILE\n",
        comment(&whole),
        comment(file),
    );
    let arrivals = format!("{{ poisson: {{ rate: {rate}/s }} }}");
    for (field, value, note) in [
        ("apiVersion", "cutover/v1", ""),
        ("name", &quoted(name), ""),
        ("seeds", "20", ""),
        ("\ntraffic:\n  - name", "requests", "ASSUMED: one entry a class of requests"),
        ("    arrivals", &arrivals, "ASSUMED"),
        ("    service_time", "{ lognormal: { p50: 20ms, p99: 120ms } }", "ASSUMED"),
        ("\nclient:\n  timeout", "2s", "ASSUMED"),
    ] {
        text.push_str(&line(field, value, note));
    }
    text.push('\n');
    text
}

const REST: &str = "\
versions:
  stable: {}
  candidate: {}                                   # give it slowdown, errors or defects

";

/// The Deployment's own strategy; others to compare it with are a line each.
fn strategy(node: &Node) -> String {
    let whole = flow(node);
    format!(
        "strategies:\n  - {{ name: deployment, {} }}\n  # - {{ name: recreate, recreate: {{}} }}\n  \
         # - {{ name: one-at-a-time, rolling: {{ max_surge: 1, max_unavailable: 0 }} }}\n",
        whole.strip_prefix("{ ").and_then(|rest| rest.strip_suffix(" }")).unwrap_or(&whole)
    )
}

/// `used  spec.replicas: as service.replicas`, used ones first.
fn notes(imported: &Imported) -> Vec<String> {
    let mut notes: Vec<_> = imported.manifest.notes.iter().collect();
    notes.sort_by_key(|note| note.verdict);
    let line = |verdict: ManifestVerdict| match verdict {
        ManifestVerdict::Used => "used",
        ManifestVerdict::Approximated => "approximated",
        ManifestVerdict::Ignored => "ignored",
    };
    notes
        .into_iter()
        .filter(|note| !["apiVersion", "kind"].iter().any(|key| note.field.ends_with(key)))
        .map(|note| format!("{:<12}  {}: {}", line(note.verdict), note.field, note.note))
        .collect()
}

/// A name that a scenario can have.
fn scenario_name(name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .collect();
    let clean = clean.trim_start_matches(['-', '_', '.']);
    match clean {
        "" => "deployment".to_owned(),
        clean => clean.chars().take(63).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_one_that_a_scenario_can_have() {
        assert_eq!(scenario_name("checkout"), "checkout");
        assert_eq!(scenario_name("a/b\u{1b}[2Jc"), "a-b--2Jc");
        assert_eq!(scenario_name(".."), "deployment");
        assert_eq!(scenario_name(&"x".repeat(300)).len(), 63);
    }
}
