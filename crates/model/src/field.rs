//! What a dissector can say: the declared fields of its evidence.

use crate::Attribute;

/// What a field's value is worth to identification.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gives {
    /// The value *is* that attribute, right in `percent` of 100 cases (stated by the device itself: 90 and up).
    Attribute { attribute: Attribute, percent: u8 },
    /// A fact that catalogue entries may read (a fingerprint, a banner); by itself it claims nothing.
    Fact,
}

/// One kind of statement that a dissector makes; declared as a `static` beside the dissector.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// Short and stable, in kebab case ("med-serial"); with the dissector's name it is what the catalogue refers to.
    pub name: &'static str,
    pub gives: Gives,
    /// Where it stands in the protocol, by the standard's own name and section.
    pub meaning: &'static str,
}

impl Field {
    /// A field whose value is the attribute itself.
    pub const fn states(
        name: &'static str,
        attribute: Attribute,
        percent: u8,
        meaning: &'static str,
    ) -> Field {
        Field { name, gives: Gives::Attribute { attribute, percent }, meaning }
    }

    /// A field for the catalogue to read.
    pub const fn fact(name: &'static str, meaning: &'static str) -> Field {
        Field { name, gives: Gives::Fact, meaning }
    }
}
