//! Stand-ins for what is being built in other rooms.
use crate::experiment::{StudyResult, Summary};
use crate::record::RunRecord;
use std::path::Path;
pub fn write(r: &StudyResult, s: &Summary, p: &Path, _: bool) -> std::io::Result<()> {
    std::fs::write(p.join("study.json"), format!("{{\"scenario\": {:?}}}", r.study.name))?;
    std::fs::write(p.join("runs.csv"), crate::report::csv::runs(r))?;
    std::fs::write(p.join("classes.csv"), crate::report::csv::classes(r))?;
    std::fs::write(p.join("timeline.csv"), crate::report::csv::timeline(r))?;
    std::fs::write(p.join("summary.csv"), crate::report::csv::summary(r, s))
}
pub fn write_run(
    r: &StudyResult,
    s: &Summary,
    x: &RunRecord,
    p: &Path,
    c: bool,
) -> std::io::Result<()> {
    std::fs::write(p.join("events.jsonl"), crate::report::events::jsonl(&r.study.plan, x))?;
    write(r, s, p, c)
}
pub fn tell(r: &StudyResult, x: &RunRecord, _: usize, _: bool) -> String {
    crate::report::events::jsonl(&r.study.plan, x)
}
pub fn schema() -> String {
    "{}\n".into()
}
