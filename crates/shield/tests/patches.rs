//! The catalogue of virtual patches, and which of them a finding gets.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

use std::sync::Arc;

use medward_model::{AdvisoryRef, DeviceId, Finding, FindingKind, Severity, Treatment, Verdict};
use medward_shield::{PatchError, Patches, SHIELDS};

fn finding(kind: FindingKind, title: &str, advisory: Option<AdvisoryRef>) -> Finding {
    Finding {
        id: "find-000000000000".to_owned(),
        kind,
        device: DeviceId::default(),
        title: title.into(),
        severity: Severity::High,
        confidence: 0.9,
        status: Verdict::Affected,
        advisory: advisory.map(Arc::new),
        matched: None,
        treatment: Treatment::Segment,
        reason: "".into(),
        hidden: None,
    }
}

fn ids(finding: &Finding) -> Vec<String> {
    let patches = Patches::builtin().expect("the built-in catalogue");
    patches.recommended(finding).iter().map(|patch| patch.id.clone()).collect()
}

fn cve(id: &str) -> Finding {
    let advisory =
        AdvisoryRef { feed: "nvd".into(), id: id.into(), cve: vec![id.into()], ..AdvisoryRef::default() };
    finding(FindingKind::Vulnerability, id, Some(advisory))
}

#[test]
fn the_catalogue_is_sound_and_uses_what_there_is() {
    let patches = Patches::builtin().expect("the built-in catalogue");
    assert!(patches.iter().count() >= 12);
    assert!(patches.iter().filter(|patch| !patch.guess).count() >= 8);
    let used: Vec<_> = patches.iter().flat_map(|patch| &patch.shields).collect();
    let known = [
        "dicom-unknown-ae",
        "dicom-store-elsewhere",
        "firmware-upload",
        "ftp",
        "pump-settings",
        "remote-control",
        "smb1",
        "snmp-set",
        "telnet",
    ];
    assert!(known.iter().all(|name| used.iter().any(|used| used == name)));
    assert_eq!(SHIELDS.len(), 14);
}

#[test]
fn a_finding_gets_what_stops_it() {
    assert_eq!(ids(&cve("CVE-2015-3459")), ["hospira-lifecare-pca"]);
    assert_eq!(ids(&cve("CVE-2020-12047")), ["baxter-spectrum-wbm"]);
    assert_eq!(ids(&cve("CVE-2017-0144")), ["ms17-010"]);
    let weak = finding(FindingKind::WeakProtocol, "Serves files over SMB version 1", None);
    assert_eq!(ids(&weak), ["ms17-010"]);
    let login =
        finding(FindingKind::DefaultCredential, "Accepts a factory password over TELNET: Spectrum", None);
    assert_eq!(ids(&login), ["telnet-login"]);
}

#[test]
fn nothing_is_claimed_that_is_not_stopped() {
    // Ripple20, URGENT/11, the fixed SMB password of MDhex, the SpaceCom protocol, and what is typed at a pump.
    for id in ["CVE-2020-11896", "CVE-2019-12255", "CVE-2020-6963", "CVE-2021-33882", "CVE-2020-12039"] {
        assert!(ids(&cve(id)).is_empty(), "{id}");
    }
    let other = finding(FindingKind::WeakCipher, "Serves files over SMB version 1", None);
    assert!(ids(&other).is_empty());
}

#[test]
fn an_advisory_is_known_whatever_the_letter_of_its_update() {
    let advised = |id: &str| {
        let advisory = AdvisoryRef { feed: "csaf".into(), id: id.into(), ..AdvisoryRef::default() };
        ids(&finding(FindingKind::Vulnerability, "x", Some(advisory)))
    };
    assert_eq!(advised("ICSMA-17-250-02A"), ["medfusion-4000"]);
    assert_eq!(advised("icsma-17-250-02"), ["medfusion-4000"]);
    assert!(advised("ICSMA-17-250-03").is_empty());
}

#[test]
fn what_is_wrong_in_a_file_is_said() {
    let entry = "[[patch]]\nid = 'a'\ntitle = 't'\ncves = ['CVE-2020-1234']\nshields = ['telnet']\neffect = 'e'\nremains = 'r'\nsource = 'https://example.org'\n";
    let good = format!("{entry}parameters = {{ servers = 'x' }}\n");
    assert!(Patches::read(&[("f.toml", &good)]).is_ok());
    let wrong = |text: &str| Patches::read(&[("f.toml", text)]).expect_err(text).to_string();
    assert_eq!(wrong(entry), "f.toml, 'a': does not say what belongs in 'servers'");
    assert_eq!(wrong(&format!("{good}{good}")), "f.toml, 'a': is there twice");
    assert!(wrong(&good.replace("telnet", "none")).contains("there is no shield 'none'"));
    assert!(wrong(&good.replace("CVE-2020-1234", "CVE-20")).contains("is no CVE"));
    assert!(wrong(&good.replace("https://", "http://")).contains("source"));
    assert!(wrong(&good.replace("servers", "windows")).contains("do not ask for 'windows'"));
    assert!(matches!(Patches::read(&[("f.toml", "patch = 1")]), Err(PatchError::Shape { .. })));
}
