//! The page's content security policy: nothing may be fetched from anywhere, and only the two
//! scripts that are part of the program may run, known by their digests.

use sha2::{Digest, Sha256};

/// uPlot (see `assets/uplot/LICENSE`).
pub const UPLOT: &str = include_str!("../assets/uplot/uPlot-1.6.32.iife.min.js");
/// uPlot's style sheet.
pub const UPLOT_STYLE: &str = include_str!("../assets/uplot/uPlot-1.6.32.min.css");
/// Ours.
pub const SCRIPT: &str = include_str!("../assets/report.js");

/// The policy. A page without charts runs no script at all.
#[must_use]
pub fn policy(scripts: bool) -> String {
    let mut policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'"
        .to_owned();
    if scripts {
        let digests = [UPLOT, SCRIPT].map(|script| base64(&Sha256::digest(script)));
        policy.push_str(&format!("; script-src 'sha256-{}' 'sha256-{}'", digests[0], digests[1]));
    }
    policy
}

/// The usual alphabet, padded (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_the_standard_has_it() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn nothing_in_a_script_ends_its_element() {
        for script in [UPLOT, SCRIPT] {
            assert!(!script.contains("</script") && !script.contains("<!--"));
            assert!(!script.contains('\r'), "a browser would read it as another text");
        }
    }
}
