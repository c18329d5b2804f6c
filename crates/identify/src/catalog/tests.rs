//! The built-in catalogue is right in itself.

use super::Catalog;

#[test]
fn the_built_in_catalogue_is_valid() {
    // Parsed as a foreign catalogue, so that every regular expression is compiled.
    let catalog = Catalog::parse(super::BUILTIN).unwrap();
    assert!(catalog.categories().count() > 3);
}
