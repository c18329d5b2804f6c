//! Documents of different formats are told apart by what stands in their head, whatever the order and the layout.

use medward_knowledge::{FEEDS, Sample};

const HEAD: usize = 64 << 10;

fn found(text: &str) -> Vec<&'static str> {
    let sample = Sample { name: "", head: text.as_bytes().get(..HEAD).unwrap_or(text.as_bytes()) };
    FEEDS.iter().filter(|feed| (feed.recognise)(&sample)).map(|feed| feed.name).collect()
}

/// An array of so many of this element that the head ends within it.
fn long(element: &str) -> String {
    format!("[{}]", vec![element; 1 + HEAD / element.len()].join(","))
}

#[test]
fn a_long_first_member_hides_no_format() {
    let product = r#"{"category":"vendor","name":"N","product":{"product_id":"P","name":"x"}}"#;
    let affects = r#"{"id":"CVE-2020-1","affects":[{"ref":"a"}]}"#;
    let stated = r#"{"cve":"CVE-2020-1","product_status":{"known_affected":["P"]}}"#;
    for (text, expected) in [
        (format!(r#"{{"product_tree":{{"branches":{}}},"document":{{}}}}"#, long(product)), "csaf"),
        (format!(r#"{{"vulnerabilities":{},"document":{{}}}}"#, long(stated)), "csaf"),
        (format!(r#"{{"vulnerabilities":{},"bomFormat":"CycloneDX"}}"#, long(affects)), "cyclonedx"),
        (format!(r#"{{"components":{}}}"#, long(r#"{"type":"library","name":"a"}"#)), "cyclonedx"),
        (format!(r#"{{"packages":{}}}"#, long(r#"{"SPDXID":"SPDXRef-a","name":"a"}"#)), "spdx"),
        (
            format!(
                r#"{{"@graph":{}}}"#,
                long(r#"{"type":"software_Package","spdxId":"https://a.example/1"}"#)
            ),
            "spdx",
        ),
        (
            format!(
                r#"{{"statements":{}}}"#,
                long(r#"{"vulnerability":"CVE-2020-1","products":["pkg:npm/a"],"status":"fixed"}"#)
            ),
            "openvex",
        ),
    ] {
        assert_eq!(found(&text), [expected], "{}", text.get(..80).unwrap_or_default());
    }
}

#[test]
fn layout_does_not_matter() {
    for (text, expected) in [
        ("\u{feff}\n {\n  \"bomFormat\" : \"CycloneDX\" }", "cyclonedx"),
        ("<bom xmlns='http://cyclonedx.org/schema/bom/1.4'/>", "cyclonedx"),
        (
            "<?xml version=\"1.0\"?>\n<!-- x -->\n<bom serialNumber=\"1\" xmlns=\"http://cyclonedx.org/schema/bom/1.7\">",
            "cyclonedx",
        ),
        (r#"{"@context":"https:\/\/openvex.dev\/ns\/v0.2.0","statements":[]}"#, "openvex"),
        (r#"{"@context":["https://spdx.org/rdf/3.0.1/spdx-context.jsonld"],"@graph":[]}"#, "spdx"),
        ("# made by hand\r\nSPDXVersion: SPDX-2.3\r\n", "spdx"),
        (r#"{ "document" : { "csaf_version" : "2.0" } }"#, "csaf"),
        (r#"{"format":"NVD_CVE","vulnerabilities":[{"cve":{"id":"CVE-2020-1"}}]}"#, "nvd"),
    ] {
        assert_eq!(found(text), [expected], "{text}");
    }
}

#[test]
fn what_only_mentions_a_format_is_not_of_it() {
    for text in [
        "",
        "{}",
        r#"{"note":"\"bomFormat\": \"CycloneDX\", \"csaf_version\": \"2.0\""}"#,
        r#"{"name":"x","sbom":{"bomFormat":"CycloneDX"}}"#,
        r#"{"canonical_url":"https://a.example","metadata_version":"2.0","distributions":[]}"#,
        r#"{"feed":{"id":"csaf","entry":[{"format":{"schema":"https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json"}}]}}"#,
        r#"{"id":"GHSA-1","affected":[{"package":{"name":"a","purl":"pkg:npm/a"}}],"database_specific":{"SPDXID":"x"}}"#,
        r#"{"dataType":"CVE_RECORD","containers":{"cna":{"affected":[]}}}"#,
        "<html>bom http://cyclonedx.org/schema/bom/</html>",
        "SPDXVersion is a tag",
    ] {
        assert!(found(text).is_empty(), "{text}: {:?}", found(text));
    }
}
