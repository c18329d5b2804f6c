//! Units and products as recalls name them.

use medward_model::Day;

use super::{DeviceCodes, RecallClaims, Units};

fn units(codes: &str, serial: Option<&str>, lot: Option<&str>) -> Units {
    RecallClaims::read("Pump", codes).judge(&DeviceCodes { serial, lot, ..DeviceCodes::default() }).answer
}

#[test]
fn serial_numbers_are_found_in_lists_and_ranges() {
    for (codes, serial, expected) in [
        ("Serial numbers 1001 to 2000", "1500", Units::InRange),
        ("Serial numbers 1001 to 2000", "2001", Units::NotNamed),
        ("Serial Numbers: 4000-4010, 4015, 4020 through 4030", "4015", Units::Named),
        ("Serial Numbers: 4000-4010, 4015, 4020 through 4030", "4025", Units::InRange),
        ("Serial Numbers: 4000-4010, 4015, 4020 through 4030", "4016", Units::NotNamed),
        ("S/N 10000001-10004567", "10001234", Units::InRange),
        ("serial numbers below 12345678", "12345677", Units::InRange),
        ("serial numbers below 12345678", "12345678", Units::NotNamed),
        ("SN 138853 and higher", "138853", Units::InRange),
        ("SN 138853 and higher", "138852", Units::NotNamed),
        ("serial numbers starting with 12", "125555", Units::InRange),
        ("serial numbers starting with 12", "135555", Units::NotNamed),
        ("Serial number range: A1000 - A2000 and B1000 - B2000", "B1500", Units::InRange),
        ("Serial number range: A1000 - A2000 and B1000 - B2000", "C1500", Units::Unknown),
        ("All serial numbers", "77", Units::All),
        ("All units", "77", Units::All),
    ] {
        assert_eq!(units(codes, Some(serial), None), expected, "{codes} / {serial}");
    }
}

#[test]
fn lots_are_found_in_lists_and_ranges() {
    for (codes, lot, expected) in [
        ("Lots 1234 through 1300", "1234", Units::InRange),
        ("Lots 1234 through 1300", "1300", Units::InRange),
        ("Lots 1234 through 1300", "1301", Units::NotNamed),
        ("Lot # 1234, 1235", "1235", Units::Named),
        ("Lots: A123; B456", "b456", Units::Named),
        ("lot numbers 12A001 - 12A099", "12A050", Units::InRange),
        ("Lot numbers beginning with 17", "1702", Units::InRange),
        ("All lots", "5", Units::All),
    ] {
        assert_eq!(units(codes, None, Some(lot)), expected, "{codes} / {lot}");
    }
}

#[test]
fn a_unit_whose_number_is_not_known_is_neither_named_nor_spared() {
    assert_eq!(units("Serial numbers 1001 to 2000", None, None), Units::Unknown);
    assert_eq!(units("Lots 12, 13", None, None), Units::Unknown);
}

#[test]
fn units_are_found_by_when_they_were_made() {
    let claims = RecallClaims::read("Pump", "All units distributed before May 2019");
    let on = |year, month, day| {
        claims
            .judge(&DeviceCodes { manufactured: Day::new(year, month, day), ..DeviceCodes::default() })
            .answer
    };
    assert_eq!(on(2019, 4, 30), Units::InRange);
    assert_eq!(on(2019, 5, 1), Units::NotNamed);
    assert_eq!(claims.judge(&DeviceCodes::default()).answer, Units::Unknown);
}

#[test]
fn models_and_names_are_read_from_descriptions() {
    let claims = RecallClaims::read(
        "Alaris® System PC Unit, Models: 8000, 8015; infusion pump. Catalog Number: 10012345",
        "",
    );
    assert!(claims.models().contains(&"8015") && claims.models().contains(&"8000"), "{:?}", claims.models());
    assert!(claims.models().contains(&"10012345"));
    assert!(claims.names().iter().any(|name| name.starts_with("Alaris")), "{:?}", claims.names());
}
