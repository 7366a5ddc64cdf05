//! Whatever the bytes, loading ends with a study or a diagnostic, never with a panic.

use std::sync::LazyLock;

use cutover::scenario::{NoFiles, Overrides, load_text};
use proptest::prelude::*;

use super::keeps_the_contract;

static COMPLETE: LazyLock<String> = LazyLock::new(super::complete);

fn survives(text: &str) {
    survives_with(text, &Overrides::default());
}

fn survives_with(text: &str, overrides: &Overrides) {
    if let Err(problem) = load_text("chaos", text, &NoFiles, overrides)
        && let Err(complaint) = keeps_the_contract(&problem)
    {
        panic!("{complaint}");
    }
}

/// Pieces that mean something to YAML or to the grammar.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "{", "}", "[", "]", ":", ": ", "- ", "\n", "\n  ", "&a ", "*a", "!t ", "|\n", ">\n",
            "'", "\"", "#", "---\n", "...\n", "%", "? ", "<<: ", "null", "true", "~", "1e9", "-1",
            "5s", "25%", "name", "\t", "\u{2028}", "\u{fffd}", "none", "auto", "🦀",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(pieces in prop::collection::vec(piece(), 0..60)) {
        survives(&pieces.concat());
    }

    #[test]
    fn arbitrary_characters_never_panic(text in "\\PC{0,200}") {
        survives(&text);
    }

    #[test]
    fn a_mutated_scenario_never_panics(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..30, piece()), 1..6),
    ) {
        let mut text = COMPLETE.clone();
        for (index, length, instead) in cuts {
            let start = index.index(text.len());
            let end = (start + length).min(text.len());
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                text.replace_range(start..end, &instead);
            }
        }
        survives(&text);
    }

    #[test]
    fn arbitrary_overrides_never_panic(path in "[a-z_.0-9\\[\\]]{0,40}", value in "\\PC{0,20}") {
        let overrides = Overrides { set: vec![(path, value)], ..Overrides::default() };
        survives_with(&COMPLETE, &overrides);
    }
}
