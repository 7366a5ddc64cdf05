//! The report's page as a reader meets it: opened in a real browser, used with the keyboard,
//! printed, read without a script.

mod browser;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use browser::Browser;
use cutover::experiment::{
    COMPARE_BUCKETS, Silent, Simulator, exemplars, rerun, run_study, summarise,
};
use cutover::plan::Study;
use cutover::record::{RunKey, timeline_width};
use cutover::report::chart::charts;
use cutover::report::exemplar::Shown;
use cutover::report::html;
use cutover::scenario::{Overrides, gallery};
use cutover::simulation::RunOptions;

/// Writes the report of a study as `compare` does.
fn write(study: &Study, file: &Path) {
    let runner = Simulator::of_figures(study, COMPARE_BUCKETS);
    let result = run_study(study, &runner, None, &Silent);
    let summary = summarise(&result);
    let wanted = exemplars(&result);
    let options = RunOptions {
        timeline_width: timeline_width(study.plan.clock.window, COMPARE_BUCKETS),
        log: true,
        failure_samples: 5,
        detail_small_up_to: None,
    };
    let keys: Vec<RunKey> = wanted.iter().map(|exemplar| exemplar.key).collect();
    let records = rerun(study, &keys, &Simulator { study, options }, None);
    let shown: Vec<Shown> = wanted
        .into_iter()
        .zip(records)
        .map(|(exemplar, record)| Shown {
            group: exemplar.group,
            roles: exemplar.roles,
            command: format!("cutover run --seed {}", exemplar.key.seed),
            record,
        })
        .collect();
    let charts = charts(&result, &summary, &shown);
    let text = html::page(&result, &summary, "cutover compare", &charts, &shown);
    fs::write(file, text).expect("a file");
}

fn study(name: &str, changes: &[(&str, &str)]) -> Study {
    let set = changes.iter().map(|&(path, value)| (path.to_owned(), value.to_owned()));
    let overrides = Overrides { seeds: Some(3), set: set.collect(), ..Overrides::default() };
    gallery::find(name).expect("a shipped scenario").load(&overrides).expect("a sound scenario")
}

/// A browser that shows the report of the quickstart; `None` where there is no browser.
fn opened(study: &Study) -> Option<(Browser, tempfile::TempDir)> {
    let mut browser = Browser::start()?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("report.html");
    write(study, &file);
    browser.open(&file);
    Some((browser, folder))
}

fn quickstart() -> Study {
    study("quickstart", &[])
}

/// How many colours each canvas shows.
const COLOURS: &str = "[...document.querySelectorAll('#plots canvas')].map(canvas => { \
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
    return new Set(new Uint32Array(data.buffer)).size; })";
const STATUS: &str = "document.getElementById('status').textContent";

#[test]
fn the_page_draws_its_charts_complains_of_nothing_and_asks_for_nothing() {
    let Some((mut browser, _folder)) = opened(&quickstart()) else { return };
    let colours = browser.evaluate(COLOURS);
    let canvases = colours.as_array().expect("a list");
    // recreate fails requests: outcomes, traffic, latency, instances, weight.
    assert_eq!(canvases.len(), 5, "{colours}");
    assert!(canvases.iter().all(|count| count.as_u64() > Some(5)), "blank: {colours}");
    let status = browser.evaluate(STATUS);
    assert!(
        status.as_str().expect("a text").starts_with("recreate, median run, seed "),
        "{status}"
    );
    let marks = browser.evaluate("document.querySelectorAll('#marks li').length");
    assert!(marks.as_u64() >= Some(2), "{marks}");
    let drawn = browser.evaluate(
        "[...document.querySelectorAll('figure svg')].every(svg => \
         svg.getBoundingClientRect().height > 100)",
    );
    assert_eq!(drawn, json!(true));
    // Nothing sticks out sideways.
    let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.evaluate(wide), json!(0));
    assert_eq!(browser.complaints, Vec::<String>::new());
    assert_eq!(browser.requests, Vec::<String>::new());
}

/// The texts of charts that stand out less than 3 to 1 (WCAG 2.2, 1.4.11) from their paper.
const FAINT: &str = "(() => { \
    const light = colour => { \
        const part = n => { const c = n / 255; \
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }; \
        const [r, g, b] = colour.match(/\\d+/g).map(Number).map(part); \
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; }; \
    return [...document.querySelectorAll('figure svg')].flatMap(svg => { \
        const paper = getComputedStyle(svg.querySelector('path')).fill; \
        return [...svg.querySelectorAll('text')].filter(text => { \
            const fill = getComputedStyle(text).fill; \
            const [a, b] = [light(fill), light(paper)].map(l => l + 0.05); \
            return fill !== paper && Math.max(a / b, b / a) < 3; }) \
            .map(text => text.textContent); }); })()";

#[test]
fn charts_can_be_read_on_light_and_on_dark_paper() {
    let Some((mut browser, _folder)) = opened(&quickstart()) else { return };
    let paper = "getComputedStyle(document.querySelector('figure svg path')).fill";
    let mut papers = Vec::new();
    for scheme in ["light", "dark"] {
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.call("Emulation.setEmulatedMedia", json!({ "media": "", "features": feature }));
        papers.push(browser.evaluate(paper));
        assert_eq!(browser.evaluate(FAINT), json!([]), "on {scheme} paper");
    }
    assert_ne!(papers[0], papers[1]);
}

#[test]
fn the_page_can_be_used_with_the_keyboard_alone() {
    let Some((mut browser, _folder)) = opened(&quickstart()) else { return };
    let focus = "(e => e.id || e.name || e.dataset.zoom || e.getAttribute('href') || e.tagName)\
                 (document.activeElement)";
    let mut seen: Vec<String> = Vec::new();
    let mut statuses: Vec<Value> = Vec::new();
    for _ in 0..60 {
        browser.press("Tab");
        let here = browser.evaluate(focus).as_str().unwrap_or_default().to_owned();
        if seen.contains(&here) && here != "DIV" {
            continue;
        }
        match here.as_str() {
            // The next strategy, then its worst run.
            "series" | "role" => browser.press("ArrowRight"),
            "rollout" => browser.press(" "),
            "plots" => {
                statuses.push(browser.evaluate(STATUS));
                for key in ["+", "ArrowRight", "0"] {
                    browser.press(key);
                    statuses.push(browser.evaluate(STATUS));
                }
            }
            _ => {}
        }
        seen.push(here);
    }
    for stop in ["#answer", "series", "role", "in", "rollout", "all", "plots"] {
        assert!(seen.iter().any(|other| other == stop), "{stop} is not reached: {seen:?}");
    }
    let texts: Vec<&str> = statuses.iter().filter_map(Value::as_str).collect();
    assert!(texts[0].starts_with("rolling, worst run"), "{texts:?}");
    let shown: Vec<&str> = texts.iter().filter_map(|text| text.split("Shown: ").nth(1)).collect();
    assert_eq!(shown.len(), 4, "{texts:?}");
    assert!(shown[0] != shown[3] && shown[0] != shown[1] && shown[1] != shown[2], "{shown:?}");
    assert_eq!(shown[3], "-2:00 to 8:00.", "{shown:?}");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn the_page_says_the_same_on_paper_and_without_a_script() {
    let Some((mut browser, folder)) = opened(&quickstart()) else { return };
    let visible = "[...document.querySelectorAll('details.run, figure, #viewer')].map(e => \
                   [e.id, e.getBoundingClientRect().height > 40])";
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    let printed = browser.evaluate(visible);
    for part in printed.as_array().expect("a list") {
        assert_eq!(part[1].as_bool(), Some(part[0] != "viewer"), "{part} on paper");
    }
    let open = "[...document.querySelectorAll('details.run table')].every(e => \
                e.getBoundingClientRect().height > 40)";
    assert_eq!(browser.evaluate(open), json!(true), "logs are printed");
    let paper = browser.call("Page.printToPDF", json!({ "printBackground": true }));
    assert!(paper["data"].as_str().map_or(0, str::len) > 50_000);
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "" }));
    browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.load(&folder.path().join("report.html"));
    let plain = browser.evaluate(visible);
    for part in plain.as_array().expect("a list") {
        let (id, shown) = (part[0].as_str().unwrap_or_default(), part[1].as_bool());
        // Logs are folded, but for the first.
        let expected = id.starts_with("chart-") || id == "run-0";
        assert!(shown == Some(expected) || id.starts_with("run-"), "{part} without a script");
    }
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// Whether a run's chart of instances shows the old version at 1 % of its width, and the new one at
/// 99 %, near its floor. Bands are hatched, so that one pixel does not tell.
const INSTANCES: &str = "(() => { \
    const title = [...document.querySelectorAll('#plots h4')] \
        .find(h4 => h4.textContent.startsWith('instances')); \
    const plot = title.nextElementSibling, canvas = plot.querySelector('canvas'); \
    const [all, over] = [canvas, plot.querySelector('.u-over')] \
        .map(e => e.getBoundingClientRect()); \
    const ratio = canvas.width / all.width; \
    return [[0.01, '0,114,178'], [0.99, '213,94,0']].map(([share, colour]) => { \
        const x = (over.left - all.left + over.width * share) * ratio; \
        const y = (over.top - all.top + over.height * 0.7) * ratio; \
        const { data } = canvas.getContext('2d').getImageData(x - 5, y - 5, 10, 10); \
        const pixels = [...Array(100).keys()].map(n => data.slice(4 * n, 4 * n + 3).join()); \
        return pixels.filter(pixel => pixel === colour).length > 20; }); })()";

#[test]
fn a_band_is_drawn_over_its_last_step_too() {
    let Some((mut browser, _folder)) = opened(&quickstart()) else { return };
    browser.evaluate("document.querySelector('[data-zoom=all]').click()");
    browser.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
    // recreate: nothing but the old version before its rollout, nothing but the new one after it.
    assert_eq!(browser.evaluate(INSTANCES), json!([true, true]));
}

/// Shows the page as a window or a sheet of so many pixels.
fn resize(browser: &mut Browser, width: u32) {
    let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
    browser.call("Emulation.setDeviceMetricsOverride", metrics);
}

#[test]
fn on_a_narrow_screen_charts_scroll_and_stay_large_enough_to_read() {
    let Some((mut browser, _folder)) = opened(&quickstart()) else { return };
    resize(&mut browser, 400);
    let smallest = "Math.min(...[...document.querySelectorAll('figure svg text')].map(text => \
                    parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement \
                    .getBoundingClientRect().width / text.ownerSVGElement.viewBox.baseVal.width))";
    let smallest = browser.evaluate(smallest).as_f64().expect("a size");
    assert!(smallest > 9.0, "{smallest} pixels");
    let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.evaluate(wide), json!(0));
}

/// Tables that paper cuts off, by their headings, and the headings that paper has.
const PRINTED: &str = "(() => { \
    const shown = e => e.getBoundingClientRect().height > 0; \
    const tables = [...document.querySelectorAll('table')].filter(shown); \
    const most = document.documentElement.clientWidth; \
    const names = of => [...of].map(th => th.textContent); \
    const heads = table => names(table.querySelectorAll('thead th')); \
    const cut = tables.filter(t => t.getBoundingClientRect().right > most + 1).map(heads); \
    const there = new Set(tables.flatMap(heads)); \
    const all = names(document.querySelectorAll('thead th')); \
    return [cut, all.filter(name => !there.has(name))]; })()";

#[test]
fn paper_has_every_column_of_every_table() {
    let study = study("half-stale", &[]);
    let Some((mut browser, _folder)) = opened(&study) else { return };
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    // A4 and its usual margins.
    resize(&mut browser, 718);
    browser.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })");
    assert_eq!(browser.evaluate(PRINTED), json!([[], []]));
}

#[test]
fn hostile_names_stay_text_in_a_browser() {
    let mut study = quickstart();
    study.name = "</title><script>window.hurt = 1</script>".to_owned();
    study.arms[0].name = "</script><img src=x onerror='window.hurt = 2'>".to_owned();
    study.arms[1].name = "<!--<script>\u{2028}\"';window.hurt = 3//".to_owned();
    study.arms[2].name = "javascript:alert(1)&lt;b&gt;\u{202e}".to_owned();
    for version in &mut study.plan.versions {
        version.name.push_str("<svg onload='window.hurt = 4'>");
    }
    let Some((mut browser, _folder)) = opened(&study) else { return };
    assert_eq!(browser.evaluate("window.hurt === undefined"), json!(true));
    assert_eq!(browser.evaluate("document.querySelectorAll('img').length"), json!(0));
    let status = browser.evaluate(STATUS);
    assert!(status.as_str().expect("a text").starts_with("</script><img src=x"), "{status}");
    let canvases = browser.evaluate(COLOURS);
    assert!(canvases.as_array().is_some_and(|list| list.len() == 5), "{canvases}");
    assert_eq!(browser.complaints, Vec::<String>::new());
    assert_eq!(browser.requests, Vec::<String>::new());
}
