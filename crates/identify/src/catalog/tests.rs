//! The built-in catalogue is right in itself, and mistakes in a catalogue are named.

use super::{Catalog, CatalogError};

#[test]
fn the_built_in_catalogue_is_valid() {
    // Parsed as a foreign catalogue, so that every regular expression is compiled.
    let catalog = Catalog::parse(super::BUILTIN).unwrap();
    assert!(catalog.categories().count() > 60);
    assert!(catalog.rule_count() > 1000);
}

#[test]
fn rule_ids_are_unique_across_the_built_in_files() {
    let mut seen = std::collections::BTreeMap::new();
    for (file, text) in super::BUILTIN {
        let part = Catalog::parse(&[super::BUILTIN[0], (file, text)]);
        for rule in part.unwrap().rules {
            if rule.file == *file {
                assert_eq!(seen.insert(rule.id.clone(), *file), None, "{} is there twice", rule.id);
            }
        }
    }
}

fn mistake(text: &str) -> String {
    Catalog::parse(&[("site.toml", text)]).unwrap_err().to_string()
}

#[test]
fn mistakes_are_named_with_file_entry_and_reason() {
    let rule = |when: &str, rest: &str| format!("[[rule]]\nid = \"x\"\nwhen = {when}\n{rest}\n");
    let source = "percent = 90\nsource = \"a manual\"";
    let field = "{ source = \"http\", field = \"server\", matches = '^a' }";
    let unsourced = mistake(&rule(field, "claims = { os = \"Linux\" }\npercent = 90\nsource = \"\""));
    assert!(unsourced.contains("site.toml") && unsourced.contains("'x'"), "{unsourced}");
    let broken = rule(
        "{ source = \"http\", field = \"server\", matches = '(' }",
        &format!("claims = {{ os = \"Linux\" }}\n{source}"),
    );
    assert!(mistake(&broken).contains("regular expression"));
    assert!(
        mistake(&rule(field, &format!("claims = {{ colour = \"red\" }}\n{source}"))).contains("'colour'")
    );
    assert!(
        mistake(&rule(field, &format!("claims = {{ category = \"toaster\" }}\n{source}")))
            .contains("toaster")
    );
    assert!(mistake(&rule(field, "claims = { os = \"Linux\" }\nsource = \"a manual\"")).contains("percent"));
    assert!(matches!(Catalog::parse(&[("a.toml", "[[rul]]")]), Err(CatalogError::Syntax { .. })));
    let twice = rule(field, &format!("claims = {{ os = \"Linux\" }}\n{source}")).repeat(2);
    assert!(mistake(&twice).contains("another entry"));
}

#[test]
fn a_site_may_add_and_replace_entries() {
    let site = "[[rule]]\nid = \"dhcp-msft\"\nwhen = { source = \"dhcpv4\", field = \"vendor-class\", equals = \"ours\" }\n\
                claims = { os = \"Linux\" }\npercent = 90\nsource = \"our own image\"\n";
    let catalog = Catalog::extended(&[("site.toml", site)]).unwrap();
    assert_eq!(catalog.rule("catalog:dhcp-msft").unwrap().file, "site.toml");
}

#[test]
fn vendors_have_one_name() {
    let catalog = Catalog::builtin().unwrap();
    for (found, name) in [
        ("Phillips", "Philips"),
        ("Philips Medical Systems Nederland B.V.", "Philips"),
        ("GE MEDICAL SYSTEMS", "GE HealthCare"),
        ("General Electric Company", "General Electric"),
        ("TOSHIBA_MEC", "Canon Medical"),
        ("SIEMENS HEALTHINEERS", "Siemens Healthineers"),
        ("Drägerwerk AG & Co. KG aA", "Dräger"),
        ("Hospira, Inc.", "Hospira"),
        ("Some Maker GmbH", "Some Maker"),
        ("Cisco Systems, Inc", "Cisco"),
    ] {
        assert_eq!(catalog.vendor_name(found), name, "{found}");
    }
    assert!(catalog.vendor_names("Hospira").contains(&"ICU Medical".to_owned()));
    assert_eq!(catalog.systems.canonical("IOS"), "Cisco IOS");
    assert_eq!(catalog.systems.canonical("iOS"), "iOS");
}
