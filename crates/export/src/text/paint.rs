//! Colours of the terminal, each with one meaning.

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Heading,
    /// Medical devices.
    Medical,
    /// A life may depend on it.
    LifeSupporting,
    /// Something is missing from the result.
    Incomplete,
    /// Stands out.
    Notable,
    /// Not known, or of little weight.
    Faint,
}

impl Tone {
    const fn code(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Heading => "1",
            Tone::Medical => "36",
            Tone::LifeSupporting => "1;35",
            Tone::Incomplete => "31",
            Tone::Notable => "33",
            Tone::Faint => "2",
        }
    }
}

/// `text` in the colour of `tone` where colour is wanted.
pub(super) fn paint(colour: bool, tone: Tone, text: &str) -> String {
    match (colour, tone.code()) {
        (false, _) | (_, "") => text.to_owned(),
        (true, code) => format!("\x1b[{code}m{text}\x1b[0m"),
    }
}
