//! How versions are ordered: one file a scheme.

pub(crate) mod date;
mod debian;
mod generic;
mod pypi;
mod rpm;
mod semver;
mod windows;

use std::cmp::Ordering;

/// An order of versions.
#[derive(Debug)]
pub struct Scheme {
    /// The first is its own; the others are what feeds call it (OSV ecosystems, CVE `versionType`, VERS types), in lower case.
    pub names: &'static [&'static str],
    /// By which document.
    pub specification: &'static str,
    /// Whether the text is a version of this scheme.
    pub fits: fn(&str) -> bool,
    /// Orders two that fit; `None` where either does not, or they are not of one numbering.
    pub compare: fn(&str, &str) -> Option<Ordering>,
}

/// All schemes.
pub static SCHEMES: &[&Scheme] = &[
    &date::DATE,
    &debian::DEBIAN,
    &generic::GENERIC,
    &pypi::PYPI,
    &rpm::RPM,
    &semver::SEMVER,
    &windows::WINDOWS,
];

/// The scheme that goes by that name; the generic one where none does.
pub fn scheme(name: &str) -> &'static Scheme {
    let plain = name.split(':').next().unwrap_or(name).to_ascii_lowercase();
    SCHEMES.iter().copied().find(|scheme| scheme.names.contains(&plain.as_str())).unwrap_or(&generic::GENERIC)
}

#[cfg(test)]
mod tests {
    use super::SCHEMES;
    use proptest::prelude::*;
    use std::cmp::Ordering;

    /// Texts that look like versions of some scheme.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{1,3}(\\.[0-9]{1,3}){0,3}",
            "[0-9]\\.[0-9](rc|a|b|\\.post|\\.dev)[0-9]",
            "[0-9]\\.[0-9]\\.[0-9](-(alpha|rc)\\.[0-9])?",
            "([0-9]:)?[0-9]\\.[0-9]([~+][a-z0-9]{1,3})?-[0-9]",
            "[A-C]\\.[0-9]{2}(\\.[0-9]{2})?",
            "20[12][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9])",
            "10\\.0\\.1[0-9]{4}(\\.[0-9]{1,4})?",
            "[a-z0-9.~^+-]{1,10}",
        ]
    }

    proptest! {
        #[test]
        fn every_order_is_antisymmetric_and_holds_for_itself(a in text(), b in text()) {
            for scheme in SCHEMES {
                if (scheme.fits)(&a) && (scheme.fits)(&b) {
                    let there = (scheme.compare)(&a, &b);
                    let back = (scheme.compare)(&b, &a);
                    prop_assert_eq!(there.map(Ordering::reverse), back, "{} {} {}", scheme.names[0], a, b);
                    prop_assert_eq!((scheme.compare)(&a, &a), Some(Ordering::Equal), "{} {}", scheme.names[0], a);
                }
            }
        }

        #[test]
        fn every_order_is_transitive(a in text(), b in text(), c in text()) {
            for scheme in SCHEMES {
                if [&a, &b, &c].iter().all(|text| (scheme.fits)(text)) {
                    let (ab, bc, ac) = ((scheme.compare)(&a, &b), (scheme.compare)(&b, &c), (scheme.compare)(&a, &c));
                    if let (Some(ab), Some(bc), Some(ac)) = (ab, bc, ac)
                        && ab == bc
                    {
                        prop_assert_eq!(ac, ab, "{}: {} {} {}", scheme.names[0], a, b, c);
                    }
                }
            }
        }

        #[test]
        fn orders_of_packages_are_total(a in text(), b in text()) {
            for scheme in SCHEMES.iter().filter(|scheme| ["debian", "rpm", "semver", "pypi", "windows", "date"].contains(&scheme.names[0])) {
                if (scheme.fits)(&a) && (scheme.fits)(&b) {
                    prop_assert!((scheme.compare)(&a, &b).is_some(), "{} {} {}", scheme.names[0], a, b);
                }
            }
        }

        #[test]
        fn any_text_is_compared_or_refused(a in "\\PC{0,60}", b in "\\PC{0,60}") {
            for scheme in SCHEMES {
                let _ = (scheme.compare)(&a, &b);
            }
        }
    }

    #[test]
    fn known_orders_hold() {
        for (name, smaller, greater) in [
            // Debian Policy 5.6.12
            ("debian", "1.0~rc1-1", "1.0-1"),
            ("debian", "1.0-1", "1:0.9-1"),
            ("debian", "1.0-1", "1.0+dfsg-1"),
            ("debian", "7.9-2", "7.10-1"),
            // rpmvercmp tests
            ("rpm", "1.0~rc1", "1.0"),
            ("rpm", "1.0", "1.0^git1"),
            ("rpm", "1.0a", "1.0.1"),
            ("rpm", "2.9-1", "2.10-1"),
            // semver.org, 11
            ("semver", "1.0.0-alpha", "1.0.0-alpha.1"),
            ("semver", "1.0.0-alpha.1", "1.0.0-alpha.beta"),
            ("semver", "1.0.0-beta.2", "1.0.0-beta.11"),
            ("semver", "1.0.0-rc.1", "1.0.0"),
            // PEP 440
            ("pypi", "1.0.dev1", "1.0a1"),
            ("pypi", "1.0a1", "1.0b1"),
            ("pypi", "1.0rc1", "1.0"),
            ("pypi", "1.0", "1.0.post1"),
            ("pypi", "2.0", "1!0.1"),
            ("windows", "10.0.17763.1", "10.0.17763.1577"),
            ("date", "2018-05-01", "2019-01-01"),
            ("date", "May 2018", "8/30/2024"),
        ] {
            assert_eq!(
                (super::scheme(name).compare)(smaller, greater),
                Some(Ordering::Less),
                "{name}: {smaller} < {greater}"
            );
        }
    }
}
