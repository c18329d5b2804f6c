//! Names of programs that machines give: CPE in one form, and package URLs in their parts.
//!
//! CPE: the formatted string of version 2.3. Older documents bind names as URIs (CPE 2.2; NISTIR 7695, section 6.1):
//! `cpe:/o:vendor:product:1.0`. Package URL: `pkg:type/namespace/name@version?qualifiers#subpath` (purl specification).

use std::fmt::Write as _;

use medward_model::{Package, VersionSpan, Versions};

/// Package URL types and the ecosystems that the OSV schema has for them.
const ECOSYSTEMS: [(&str, &str); 12] = [
    ("apk", "Alpine"),
    ("cargo", "crates.io"),
    ("composer", "Packagist"),
    ("deb", "Debian"),
    ("gem", "RubyGems"),
    ("golang", "Go"),
    ("hex", "Hex"),
    ("maven", "Maven"),
    ("npm", "npm"),
    ("nuget", "NuGet"),
    ("pub", "Pub"),
    ("pypi", "PyPI"),
];

/// The package that a package URL names, exactly in its version, or in every version where it has none.
pub(crate) fn package(purl: &str) -> Option<Package> {
    let rest = purl.trim().strip_prefix("pkg:")?;
    let rest = rest.split(['?', '#']).next()?;
    let (kind, rest) = rest.trim_start_matches('/').split_once('/')?;
    let kind = kind.to_ascii_lowercase();
    // The name of an npm scope begins with an @ of its own, escaped or not.
    let (path, version) = match rest.rsplit_once('@') {
        Some((path, version)) if !path.is_empty() && !version.contains('/') => (path, Some(version)),
        _ => (rest, None),
    };
    let path = unescaped(path.trim_matches('/'));
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if name.is_empty() {
        return None;
    }
    let known = ECOSYSTEMS.iter().find(|(of, _)| *of == kind).map(|(_, ecosystem)| *ecosystem);
    let distribution = match (kind.as_str(), namespace) {
        ("deb", "ubuntu") => Some("Ubuntu"),
        ("rpm", "redhat") => Some("Red Hat"),
        ("rpm", "") => None,
        ("rpm", other) => Some(other),
        _ => known,
    };
    let name = match kind.as_str() {
        "maven" if !namespace.is_empty() => format!("{namespace}:{name}"),
        "deb" | "rpm" | "apk" => name.to_owned(),
        _ => path.clone(),
    };
    let version = version.map(unescaped).filter(|version| !version.is_empty());
    let versions = match version {
        Some(version) => Versions::Spans { default: None, spans: vec![VersionSpan::exactly(true, &version)] },
        None => Versions::All,
    };
    let ecosystem = distribution.unwrap_or(&kind).into();
    Some(Package { ecosystem, name: name.into(), purl: Some(purl.trim().into()), versions })
}

/// Vendor, product and, where it is one, version of a 2.3 formatted string, unescaped.
pub(crate) fn cpe_parts(cpe: &str) -> (String, String, Option<String>) {
    let fields = fields(cpe);
    let plain = |at: usize| fields.get(at).map(|field| field.replace('\\', "")).unwrap_or_default();
    (plain(3), plain(4), Some(plain(5)).filter(|version| !matches!(version.as_str(), "" | "*" | "-")))
}

/// The same CPE name in any version and update.
pub(crate) fn any_version(cpe: &str) -> Box<str> {
    let mut fields = fields(cpe);
    fields.iter_mut().skip(5).take(2).for_each(|field| *field = "*");
    fields.join(":").into()
}

/// The fields of a 2.3 formatted string, still escaped; the first two are "cpe" and "2.3".
fn fields(cpe: &str) -> Vec<&str> {
    let mut escaped = false;
    cpe.split(|c: char| {
        let ends = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
    .collect()
}

/// Percent-decoded; what is no UTF-8 then is replaced.
pub(crate) fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match digits.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A CPE name as a 2.3 formatted string; `None` where it is neither.
pub(crate) fn cpe23(name: &str) -> Option<Box<str>> {
    let name = name.trim();
    if name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("cpe:2.3:")) {
        return Some(name.into());
    }
    let rest = name.strip_prefix("cpe:/").or_else(|| name.strip_prefix("CPE:/"))?;
    let fields: Vec<&str> = rest.split(':').collect();
    if fields.len() < 2 || fields.len() > 7 {
        return None;
    }
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    let mut bound = String::from("cpe:2.3");
    for at in 0..5 {
        push(&mut bound, field(at));
    }
    // The edition may hold five fields of 2.3, packed.
    let packed: Vec<&str> = field(5).strip_prefix('~').map(|p| p.split('~').collect()).unwrap_or_default();
    let part = |at: usize| packed.get(at).copied().unwrap_or_default();
    push(&mut bound, if packed.is_empty() { field(5) } else { part(0) });
    push(&mut bound, field(6));
    for at in 1..5 {
        push(&mut bound, part(at));
    }
    Some(bound.into())
}

/// One field, unescaped from the URI and escaped for the formatted string.
fn push(bound: &mut String, field: &str) {
    bound.push(':');
    if field.is_empty() {
        bound.push('*');
        return;
    }
    if field == "-" {
        bound.push('-');
        return;
    }
    let mut rest = field;
    while let Some(c) = rest.chars().next() {
        let code =
            rest.strip_prefix('%').and_then(|hex| hex.get(..2)).and_then(|h| u8::from_str_radix(h, 16).ok());
        rest = rest.get(if code.is_some() { 3 } else { c.len_utf8() }..).unwrap_or_default();
        match code.map_or(c, char::from) {
            '\u{1}' => bound.push('?'),
            '\u{2}' => bound.push('*'),
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') || !c.is_ascii() => {
                bound.push(c.to_ascii_lowercase());
            }
            // Writing to a string cannot fail.
            c => drop(write!(bound, "\\{c}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{any_version, cpe_parts, cpe23, package};
    use medward_model::{VersionSpan, Versions};

    #[test]
    fn a_cpe_name_is_taken_apart_at_colons_that_are_not_escaped() {
        let cpe = r"cpe:2.3:a:treck:tcp\/ip\:v6:6.0:sp1:*:*:*:*:*:*";
        let (vendor, product, version) = cpe_parts(cpe);
        assert_eq!(
            (vendor.as_str(), product.as_str(), version.as_deref()),
            ("treck", "tcp/ip:v6", Some("6.0"))
        );
        assert_eq!(&*any_version(cpe), r"cpe:2.3:a:treck:tcp\/ip\:v6:*:*:*:*:*:*:*:*");
        assert_eq!(cpe_parts("cpe:2.3:o:contec:cms8000_firmware:-:*:*:*:*:*:*:*").2, None);
    }

    #[test]
    fn package_urls_are_taken_apart() {
        for (purl, ecosystem, name, version) in [
            ("pkg:npm/%40angular/core@12.3.1", "npm", "@angular/core", Some("12.3.1")),
            ("pkg:npm/@angular/core", "npm", "@angular/core", None),
            (
                "pkg:maven/org.apache.logging/log4j@2.14?type=jar",
                "Maven",
                "org.apache.logging:log4j",
                Some("2.14"),
            ),
            (
                "pkg:deb/debian/openssl@1.1.1n-0%2Bdeb11u3?arch=i386",
                "Debian",
                "openssl",
                Some("1.1.1n-0+deb11u3"),
            ),
            ("pkg:golang/golang.org/x/net@v0.1.0#html", "Go", "golang.org/x/net", Some("v0.1.0")),
            ("pkg:oci/dcmtk@sha256%3Aab", "oci", "dcmtk", Some("sha256:ab")),
        ] {
            let package = package(purl).expect(purl);
            assert_eq!((&*package.ecosystem, &*package.name), (ecosystem, name), "{purl}");
            let expected = version.map_or(Versions::All, |version| Versions::Spans {
                default: None,
                spans: vec![VersionSpan::exactly(true, version)],
            });
            assert_eq!(package.versions, expected, "{purl}");
        }
        assert_eq!(package("pkg:npm/"), None);
        assert_eq!(package("https://a.example/"), None);
    }

    #[test]
    fn uris_become_formatted_strings() {
        for (uri, formatted) in [
            ("cpe:/o:philips:mx800_firmware:b.01", "cpe:2.3:o:philips:mx800_firmware:b.01:*:*:*:*:*:*:*"),
            ("cpe:/h:siemens:simatic_s7", "cpe:2.3:h:siemens:simatic_s7:*:*:*:*:*:*:*:*"),
            ("cpe:/a:treck:tcp%2fip:-", "cpe:2.3:a:treck:tcp\\/ip:-:*:*:*:*:*:*:*"),
            ("cpe:/a:hp:insight:7.4::~~pro~win2003~x64~", "cpe:2.3:a:hp:insight:7.4:*:*:*:pro:win2003:x64:*"),
        ] {
            assert_eq!(cpe23(uri).as_deref(), Some(formatted), "{uri}");
        }
    }

    #[test]
    fn formatted_strings_stay_and_other_text_is_refused() {
        let formatted = "cpe:2.3:o:contec:cms8000_firmware:-:*:*:*:*:*:*:*";
        assert_eq!(cpe23(formatted).as_deref(), Some(formatted));
        for text in ["", "cpe:/", "pkg:npm/a@1", "cpe"] {
            assert_eq!(cpe23(text), None, "{text}");
        }
    }
}
