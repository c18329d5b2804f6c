//! Operating systems: from how a device or an inventory names one to its names in the CPE dictionary and in the
//! life-cycle feed.
//!
//! Windows is known by its build ("10.0.17763") or its name ("10 LTSC 2019"). A build can belong to a client and a server
//! release, and a release can be supported until different days by edition: then all stand, and what differs between them
//! is not certain. From `catalog/releases.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::words::fold;

/// The catalogue's file, built in.
pub(super) const BUILTIN: &str = include_str!("../../../../catalog/releases.toml");

/// An operating system as known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct System {
    /// "Windows 10 1809", "Debian".
    pub name: String,
    pub maker: Option<&'static str>,
    /// The version by which vulnerabilities are bounded: a full build of Windows, the version of others.
    pub version: Option<String>,
    /// Vendor and product of the CPE dictionary; of several only one can be right.
    pub cpes: Vec<(String, String)>,
    /// Product and release of the life-cycle feed; of several only one can be right. A release that is empty is to be
    /// found by the version, of which so many parts count.
    pub lifecycle: Vec<(String, String)>,
    pub cycle: usize,
    /// It is made of packages, any of which may be missing.
    pub distribution: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    release: Vec<ReleaseShape>,
    system: Vec<SystemShape>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseShape {
    name: String,
    build: Option<String>,
    maker: String,
    called: Vec<String>,
    cpe: Vec<String>,
    lifecycle: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemShape {
    name: String,
    maker: String,
    called: Vec<String>,
    cpe: String,
    lifecycle: Option<String>,
    #[serde(default)]
    cycle: usize,
    #[serde(default)]
    distribution: bool,
    #[serde(rename = "source")]
    _source: String,
}

/// A test holds that the file is of its shape; without it no system is known.
static FILE: LazyLock<File> = LazyLock::new(|| toml::from_str(BUILTIN).unwrap_or_default());

/// Words of Windows' names that say nothing of the release.
const EDITIONS: [&str; 16] = [
    "microsoft",
    "enterprise",
    "professional",
    "pro",
    "iot",
    "edition",
    "version",
    "standard",
    "datacenter",
    "x64",
    "x86",
    "64",
    "bit",
    "32",
    "ultimate",
    "workstations",
];

/// The system that these two values name.
pub(crate) fn system(os: &str, version: Option<&str>) -> Option<System> {
    let whole = match version {
        Some(version) if !os.to_lowercase().contains(&version.to_lowercase()) => format!("{os} {version}"),
        _ => os.to_owned(),
    };
    let plain = fold(&whole);
    if plain.contains("windows") { windows(&plain) } else { other(&fold(os), &plain, version) }
}

fn windows(plain: &str) -> Option<System> {
    let build =
        plain.split([' ', '(', ')', ',']).find(|word| is_build(word)).map(|word| word.trim_matches('.'));
    let server = plain.contains("server");
    let words: Vec<&str> = plain
        .split(|c: char| !(c.is_alphanumeric() || c == '.'))
        .filter(|word| !word.is_empty() && !is_build(word))
        .collect();
    let is_embedded = words.contains(&"embedded");
    let named: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !EDITIONS.contains(word) || is_embedded && *word == "standard")
        .filter(|word| !word.starts_with("sp") || word.len() > 3)
        .filter(|word| *word != "service" && *word != "pack" && *word != "build")
        .collect();
    let text = named.join(" ");
    let by_name = FILE.release.iter().filter(|release| release.called.contains(&text));
    let by_build = |release: &&ReleaseShape| {
        build.is_some_and(|build| {
            release.build.as_deref().is_some_and(|own| build == own || build.starts_with(&format!("{own}.")))
        })
    };
    let mut fitting: Vec<&ReleaseShape> = FILE.release.iter().filter(by_build).collect();
    // The name tells a client from a server of the same build.
    let exact: Vec<&ReleaseShape> = by_name.collect();
    if fitting.is_empty() {
        fitting = exact;
    } else if let Some(one) = exact.iter().find(|one| fitting.iter().any(|other| std::ptr::eq(*other, **one)))
    {
        fitting = vec![one];
    } else if server {
        fitting.retain(|release| release.name.contains("Server"));
    }
    let first = fitting.first()?;
    let name = match fitting.as_slice() {
        [one] => one.name.clone(),
        several => several.iter().map(|release| release.name.as_str()).collect::<Vec<_>>().join(" or "),
    };
    let maker =
        FILE.release.iter().find(|release| release.name == first.name).map(|release| release.maker.as_str());
    Some(System {
        name,
        maker,
        // Only a build with its revision can be compared with bounds such as 10.0.17763.1577.
        version: build.filter(|build| build.split('.').count() > 3).map(str::to_owned),
        cpes: fitting
            .iter()
            .flat_map(|release| release.cpe.iter())
            .filter_map(|cpe| pair(cpe, ':'))
            .collect(),
        lifecycle: fitting
            .iter()
            .flat_map(|release| release.lifecycle.iter())
            .filter_map(|at| pair(at, '/'))
            .collect(),
        cycle: 0,
        distribution: false,
    })
}

fn other(os: &str, whole: &str, version: Option<&str>) -> Option<System> {
    let text = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ");
    let (os, whole) = (text(os), text(whole));
    // The longest name that the text is, or begins with.
    let (shape, called) = FILE
        .system
        .iter()
        .flat_map(|shape| shape.called.iter().map(move |called| (shape, called)))
        .filter(|(_, called)| os == **called || whole.starts_with(&format!("{called} ")))
        .max_by_key(|(_, called)| called.len())?;
    let rest = whole.get(called.len()..).unwrap_or_default();
    let found = rest
        .split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let version = version
        .map(str::trim)
        .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        .or(found)
        .map(|version| version.split([' ', '(']).next().unwrap_or(version).to_owned());
    Some(System {
        name: shape.name.clone(),
        maker: Some(&shape.maker),
        version,
        cpes: pair(&shape.cpe, ':').into_iter().collect(),
        lifecycle: shape.lifecycle.iter().map(|slug| (slug.clone(), String::new())).collect(),
        cycle: shape.cycle,
        distribution: shape.distribution,
    })
}

fn is_build(word: &str) -> bool {
    let parts: Vec<&str> = word.trim_matches('.').split('.').collect();
    parts.len() >= 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn pair(text: &str, at: char) -> Option<(String, String)> {
    text.split_once(at).map(|(a, b)| (a.to_owned(), b.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_of_its_shape() {
        let file: Result<File, _> = toml::from_str(BUILTIN);
        assert!(file.is_ok(), "{file:?}");
    }

    #[test]
    fn systems_are_known_by_what_people_and_devices_call_them() {
        for (os, version, name, cpes, full) in [
            (
                "Windows",
                Some("10.0.17763.1577"),
                "Windows 10 1809 or Windows Server 2019",
                2,
                Some("10.0.17763.1577"),
            ),
            ("Windows", Some("10.0.17763"), "Windows 10 1809 or Windows Server 2019", 2, None),
            ("Windows Server", Some("10.0.17763"), "Windows Server 2019", 1, None),
            ("Windows 10 Enterprise LTSC 2019", None, "Windows 10 LTSC 2019", 1, None),
            ("Windows 10 IoT Enterprise 1809", None, "Windows 10 1809", 1, None),
            ("Microsoft Windows 7 Professional SP1", None, "Windows 7", 1, None),
            ("Windows", Some("XP"), "Windows XP", 1, None),
            ("Windows XP", Some("5.1.2600"), "Windows XP", 1, None),
            ("Windows", Some("Embedded Standard 7"), "Windows Embedded Standard 7", 1, None),
            ("Windows", Some("Server 2008 R2"), "Windows Server 2008 R2", 1, None),
            ("Debian GNU/Linux", Some("10"), "Debian", 1, Some("10")),
            ("Ubuntu 18.04.6 LTS", None, "Ubuntu", 1, Some("18.04.6")),
            ("VxWorks", Some("6.5"), "VxWorks", 1, Some("6.5")),
        ] {
            let found = system(os, version).unwrap_or_else(|| panic!("{os} {version:?} is not known"));
            assert_eq!(found.name, name, "{os} {version:?}");
            assert_eq!(found.cpes.len(), cpes, "{os} {version:?}");
            assert_eq!(found.version.as_deref(), full, "{os} {version:?}");
        }
    }

    #[test]
    fn a_name_without_a_release_is_no_release() {
        assert_eq!(system("Windows", None), None);
        assert_eq!(system("Windows", Some("10")), None);
        assert_eq!(system("Linux", Some("4.19")), None);
        assert_eq!(system("", None), None);
    }
}
