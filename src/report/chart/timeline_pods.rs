//! The instances of one run by version and state, as a panel of its timeline.

use crate::plan::{Plan, STABLE, VersionId};
use crate::record::{EventKind, RunRecord};

use super::axis::from_zero;
use super::bands::Stack;
use super::frame::Plot;
use super::hatch::Hatch;
use super::palette::Ink;
use super::timeline::Sheet;
use crate::report::exemplar::{LAYERS, Layer, Shown, State, states};
use crate::report::text::visible;

/// Draws the panel.
pub fn draw(sheet: &mut Sheet<'_>, plot: Plot, plan: &Plan, typical: &Shown) {
    let mut changes = states(plan, &typical.record);
    changes.retain(|change| change.at < sheet.x.values.1);
    let total = |pods: &[u32; LAYERS.len()]| f64::from(pods.iter().sum::<u32>());
    let highest = changes.iter().map(|change| total(&change.pods)).fold(1.0, f64::max);
    let axis = from_zero(highest, (plot.bottom, plot.top), 3);
    let title = "instances by version and state";
    plot.left_axis(&mut sheet.picture, &axis, &axis.ticks(3), title);
    // Changes that fall on one pixel are one.
    let mut columns: Vec<(i32, [u32; LAYERS.len()])> = Vec::new();
    for change in &changes {
        let x = sheet.x.place(change.at);
        match columns.last_mut() {
            Some(last) if last.0 == x => last.1 = change.pods,
            _ => columns.push((x, change.pods)),
        }
    }
    let ends = columns.iter().skip(1).map(|column| column.0).chain([plot.right]);
    let spans = columns.iter().zip(ends).map(|(column, end)| (column.0, end)).collect();
    let mut stack = Stack::new(spans);
    let mut swatches = Vec::new();
    let (old, new) = version_names(plan, &typical.record);
    for (index, layer) in LAYERS.iter().enumerate() {
        let counts: Vec<f64> = columns.iter().map(|column| f64::from(column.1[index])).collect();
        if counts.iter().any(|&count| count > 0.0) {
            stack.add(&mut sheet.picture, &axis, &counts, look(*layer));
            swatches.push((layer.name(&old, &new), look(*layer)));
        }
    }
    plot.base(&mut sheet.picture);
    sheet.swatches(&swatches, &plot);
}

fn look(layer: Layer) -> (Ink, Hatch) {
    let place = usize::from(layer.new);
    match (layer.state, layer.new) {
        (State::Ready, false) => (Ink::Series(place), Hatch::Plain),
        (State::Ready, true) => (Ink::Series(place), Hatch::Rising),
        (State::NotReady, false) => (Ink::Pale(place), Hatch::Upright),
        (State::NotReady, true) => (Ink::Pale(place), Hatch::Level),
        (State::Stopping, false) => (Ink::Pale(place), Hatch::Lattice),
        (State::Stopping, true) => (Ink::Pale(place), Hatch::Falling),
    }
}

/// The names of the version that ran before and of the one that is deployed: `new` where there
/// are several.
pub fn version_names(plan: &Plan, record: &RunRecord) -> (String, String) {
    let name = |version: VersionId| {
        plan.versions.get(usize::from(version.0)).map_or_else(String::new, |v| visible(&v.name))
    };
    let mut others = record.events.iter().filter_map(|event| match event.kind {
        EventKind::InstanceCreated { version, .. }
        | EventKind::InstanceConfigured { version, .. } => Some(version).filter(|&v| v != STABLE),
        _ => None,
    });
    let first = others.next();
    let new = match first {
        Some(first) if others.all(|version| version == first) => name(first),
        _ => "new".to_owned(),
    };
    (name(STABLE), new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SimTime;
    use crate::record::Event;
    use crate::report::fixture;

    #[test]
    fn a_pushed_configuration_has_its_versions_name() {
        let mut record = fixture::record();
        let (at, version) = (SimTime(1), VersionId(1));
        let kind = EventKind::InstanceConfigured { instance: 0, version };
        record.events = vec![Event { at, kind }];
        let plan = fixture::plan();
        assert_eq!(version_names(&plan, &record).1, plan.versions[1].name);
    }
}
