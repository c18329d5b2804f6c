//! Inventories as people export them.

use medward_model::Attribute;

use super::{InventoryError, read_inventory};

#[test]
fn columns_are_recognised_by_name_whatever_their_spelling() {
    let text = "Asset Tag,MANUFACTURER,Model Number,Serial #,Software_Version,osVersion,Operating System,Cost Center\n\
                A-1,Becton Dickinson,Alaris 8015,12345678,9.33,SP3,Windows XP,4711\n";
    let inventory = read_inventory("cmms.csv", text.as_bytes()).expect("it is an inventory");
    let device = &inventory.devices[0];
    for (attribute, value) in [
        (Attribute::Vendor, "Becton Dickinson"),
        (Attribute::Model, "Alaris 8015"),
        (Attribute::Serial, "12345678"),
        (Attribute::Firmware, "9.33"),
        (Attribute::Os, "Windows XP"),
        (Attribute::OsVersion, "SP3"),
    ] {
        assert_eq!(device.value(attribute), Some(value));
    }
    assert_eq!(device.particulars["asset tag"], "A-1");
    assert_eq!(device.particulars["Cost Center"], "4711");
    assert_eq!(device.row, Some(1));
}

#[test]
fn semicolons_titles_marks_and_old_encodings_are_read() {
    let mut bytes =
        b"\xef\xbb\xbfExport of 2026-11-01\n\nHersteller;Make;Model\nx;Dr\xc3\xa4ger;Babylog VN800\n"
            .to_vec();
    let inventory = read_inventory("a.csv", &bytes).expect("it is an inventory");
    assert_eq!(inventory.devices[0].value(Attribute::Vendor), Some("Dräger"));
    bytes = b"Make;Model\nDr\xe4ger;Babylog VN800\n".to_vec();
    let inventory = read_inventory("a.csv", &bytes).expect("it is an inventory");
    assert_eq!(inventory.devices[0].value(Attribute::Vendor), Some("Dräger"));
}

#[test]
fn devices_have_ids_of_their_own_that_do_not_depend_on_the_row_where_a_serial_names_them() {
    let a = read_inventory("a", b"make,model,serial\nBD,8015,1\nBD,8015,2\nBD,8015,\nBD,8015,\n")
        .expect("an inventory");
    let b = read_inventory("b", b"make,model,serial\nBD,8015,2\nBD,8015,1\n").expect("an inventory");
    assert_eq!(a.devices[0].id, b.devices[1].id);
    let mut ids: Vec<_> = a.devices.iter().map(|device| device.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn what_names_no_device_is_told_not_guessed() {
    assert!(matches!(read_inventory("a", b"a,b\n1,2\n"), Err(InventoryError::NoColumns(_))));
    assert_eq!(read_inventory("a", b"  "), Err(InventoryError::Empty));
    assert_eq!(read_inventory("a", b"{\"a\": 1}"), Err(InventoryError::Shape));
    let inventory = read_inventory("a", b"model,room\n,12\nMX40,3\n").expect("an inventory");
    assert_eq!(inventory.devices.len(), 2, "a room is a place, and the row is kept");
}

#[test]
fn cyclonedx_devices_have_their_software() {
    let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
        {"type":"device","name":"Plum 360","version":"15.11","manufacturer":{"name":"ICU Medical"},
         "components":[{"type":"library","name":"openssl","version":"1.0.2k","cpe":"cpe:2.3:a:openssl:openssl:1.0.2k:*:*:*:*:*:*:*"}]}]}"#;
    let inventory = read_inventory("a.json", text.as_bytes()).expect("an inventory");
    let device = &inventory.devices[0];
    assert_eq!(device.value(Attribute::Vendor), Some("ICU Medical"));
    assert_eq!(device.software[0].version.as_deref(), Some("1.0.2k"));
}
