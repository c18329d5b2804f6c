//! The seam: what a source is.
//!
//! A source is one file with one `pub(crate) static`, a `mod` line and an entry in [`crate::SOURCES`].

use medward_model::Field;

use crate::Report;

/// Something that already knows of the network and can be listened to.
#[derive(Debug)]
pub struct Source {
    /// Lower case, stable; the `source` of its evidence. No dissector has the same.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The standards or manuals it follows, with section.
    pub specification: &'static [&'static str],
    pub carrier: Carrier,
    /// Everything that its evidence can say.
    pub fields: &'static [&'static Field],
    pub make: fn() -> Box<dyn SourceSession>,
}

/// How what a source says arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Datagrams to one of these UDP ports, each read whole.
    Datagrams { ports: &'static [u16] },
    /// Lines that are appended to a file, or received from elsewhere; only new ones are read.
    Log { usual: &'static [&'static str] },
    /// Lines of a file that is rewritten now and then; read again from its start when it was.
    Ledger { usual: &'static [&'static str] },
}

/// One listener or one file as one source follows it. Memory is bounded whatever is received.
pub trait SourceSession: Send {
    /// A datagram, or a line without its end. Never fails: what is odd is a weird.
    fn read(&mut self, bytes: &[u8], report: &mut Report<'_>);

    /// The file begins anew: it was rewritten or rotated. What was told before is not told again.
    fn restart(&mut self) {}

    /// Time passed; tells what was held back for a while. To be called about every ten seconds.
    fn tick(&mut self, report: &mut Report<'_>) {
        let _ = report;
    }

    /// Nothing more will come: tells everything that was held back.
    fn end(&mut self, report: &mut Report<'_>) {
        let _ = report;
    }
}
