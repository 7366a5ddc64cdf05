//! Tables of numbers beside a scenario, read row by row in bounded memory.
//!
//! The first line names the columns. A row that cannot be used is never skipped: the first
//! five row numbers and their total are reported. Lines, rows and numbers are bounded, so that
//! a sparse giant, a single endless line or a compressed bomb costs neither time nor memory.

use std::io::{BufRead, BufReader, Read};

use sha2::{Digest, Sha256};

use super::Context;
use crate::scenario::checked::Checked;
use crate::scenario::code;

const LONGEST_LINE: u64 = 4096;

/// Bad rows of one file.
#[derive(Debug, Default)]
struct BadRows {
    first: Vec<u64>,
    total: u64,
    why: &'static str,
}

/// Reads the rows of a table. `header` picks the columns to look at, `row` takes their texts
/// and says what is wrong with them.
pub fn rows<const N: usize>(
    context: &mut Context<'_>,
    at: &Checked,
    most: u64,
    header: impl FnOnce(&[&str]) -> Result<[usize; N], String>,
    mut row: impl FnMut([&str; N]) -> Result<(), &'static str>,
) -> Option<u64> {
    let reader = context.open(at)?;
    let mut lines =
        Lines { input: BufReader::new(reader), digest: Sha256::new(), buffer: Vec::new() };
    let columns = match lines.next() {
        Ok(Some(line)) => {
            let names: Vec<String> =
                line.split(',').map(|name| name.trim().to_lowercase()).collect();
            header(&names.iter().map(String::as_str).collect::<Vec<_>>())
        }
        Ok(None) => Err("the file is empty; its first line must name the columns".to_owned()),
        Err(fault) => return fault.report(context, at, 0),
    };
    let columns = match columns {
        Ok(columns) => columns,
        Err(message) => {
            context.error(code::BAD_ROWS, at, message);
            return None;
        }
    };
    let (mut count, mut bad) = (0u64, BadRows::default());
    loop {
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(fault) => return fault.report(context, at, count + 1),
        };
        if line.trim().is_empty() {
            continue;
        }
        count += 1;
        if count > most {
            let error =
                context.error(code::DATA_LIMIT, at, format!("this file has more than {most} rows"));
            error.help = Some("thin it out, or split it".to_owned());
            return None;
        }
        if let Err(why) = pick(line, columns).and_then(&mut row) {
            bad.add(count, why);
        }
    }
    let digest: [u8; 32] = lines.digest.finalize().into();
    context.used(at.text(), digest);
    if bad.total > 0 {
        bad.report(context, at, count);
        return None;
    }
    Some(count)
}

fn pick<const N: usize>(line: &str, columns: [usize; N]) -> Result<[&str; N], &'static str> {
    let mut texts = [""; N];
    for (text, column) in texts.iter_mut().zip(columns) {
        *text = line.split(',').nth(column).ok_or("a column is missing")?.trim();
    }
    Ok(texts)
}

impl BadRows {
    fn add(&mut self, row: u64, why: &'static str) {
        if self.total == 0 {
            self.why = why;
        }
        if self.first.len() < 5 {
            self.first.push(row);
        }
        self.total += 1;
    }

    fn report(&self, context: &mut Context<'_>, at: &Checked, count: u64) {
        let rows: Vec<String> = self.first.iter().map(u64::to_string).collect();
        let message = format!(
            "{} of {count} rows cannot be used: row {} ({})",
            self.total,
            rows.join(", "),
            self.why
        );
        context.error(code::BAD_ROWS, at, message);
    }
}

struct Lines {
    input: BufReader<Box<dyn Read>>,
    digest: Sha256,
    buffer: Vec<u8>,
}

enum Fault {
    Io(std::io::ErrorKind),
    TooLong,
    NotText,
}

impl Lines {
    fn next(&mut self) -> Result<Option<&str>, Fault> {
        self.buffer.clear();
        let mut limited = self.input.by_ref().take(LONGEST_LINE + 1);
        limited.read_until(b'\n', &mut self.buffer).map_err(|error| Fault::Io(error.kind()))?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        if self.buffer.len() as u64 > LONGEST_LINE {
            return Err(Fault::TooLong);
        }
        self.digest.update(&self.buffer);
        let line = self.buffer.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.buffer);
        let line = std::str::from_utf8(line).map_err(|_| Fault::NotText)?;
        if line.contains('\0') {
            return Err(Fault::NotText);
        }
        Ok(Some(line.trim_end_matches(['\n', '\r'])))
    }
}

impl Fault {
    fn report<T>(&self, context: &mut Context<'_>, at: &Checked, row: u64) -> Option<T> {
        match self {
            Self::Io(kind) => context.error(code::IO, at, format!("reading failed: {kind}")),
            Self::TooLong => context.error(
                code::BAD_ROWS,
                at,
                format!("row {row} is longer than {LONGEST_LINE} bytes"),
            ),
            Self::NotText => context.error(code::BAD_ROWS, at, format!("row {row} is not text")),
        };
        None
    }
}
