//! Where a value was written: the texts that make up a scenario, and places in them.

/// A place in one of the texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Which text: its place in [`Sources`].
    pub source: u16,
    /// Line from 1; 0: the text as a whole.
    pub line: u32,
    /// Column from 1, in characters.
    pub column: u32,
    /// Length in characters on that line.
    pub length: u32,
}

/// One text: a file, or what was given on the command line.
#[derive(Clone, Debug)]
struct Source {
    name: String,
    text: String,
}

/// All texts of a scenario, in the order in which they were read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Adds a text; line ends must be plain line feeds.
    pub fn add(&mut self, name: &str, text: &str) -> u16 {
        let id = u16::try_from(self.list.len()).expect("a scenario has few files");
        self.list.push(Source { name: name.to_owned(), text: text.to_owned() });
        id
    }

    /// The name of a text, as the person wrote it.
    #[must_use]
    pub fn name(&self, id: u16) -> &str {
        &self.list[id as usize].name
    }

    /// A line of a text, from 1.
    #[must_use]
    pub fn line(&self, span: Span) -> Option<&str> {
        let index = (span.line as usize).checked_sub(1)?;
        self.list[span.source as usize].text.lines().nth(index)
    }
}

impl Span {
    /// A text as a whole.
    #[must_use]
    pub fn whole(source: u16) -> Self {
        Self { source, ..Self::default() }
    }

    /// The place of a byte of a text.
    #[must_use]
    pub fn at_byte(source: u16, text: &str, byte: usize) -> Self {
        let before = &text[..byte];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            source,
            line: before.matches('\n').count() as u32 + 1,
            column: before[line_start..].chars().count() as u32 + 1,
            length: 1,
        }
    }
}
