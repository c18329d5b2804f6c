//! Categories of devices: which group each belongs to, which groups are medical, and the words for a slug.
//!
//! The model carries only the category's slug. This is the one place that says which slugs are clinical; a slug that is
//! not listed belongs to [`OTHER`], which is not medical.

/// A group of categories, as shown together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Short name, also the CSS class of its colour.
    pub key: &'static str,
    pub label: &'static str,
    /// Whether it counts as medical: devices used on patients or their samples, and the systems that only serve these.
    pub medical: bool,
    slugs: &'static [&'static str],
}

/// Devices at the patient, the systems made for care, then all else; in the order of output. Every slug of
/// `catalog/categories.toml` stands in one of them (a test compares).
pub(crate) const GROUPS: &[Group] = &[
    Group {
        key: "care",
        label: "Patient care",
        medical: true,
        slugs: &[
            "patient-monitor",
            "central-station",
            "telemetry",
            "fetal-monitor",
            "pulse-oximeter",
            "blood-pressure-monitor",
            "infusion-pump",
            "syringe-pump",
            "insulin-pump",
            "ventilator",
            "anesthesia-machine",
            "dialysis",
            "heart-lung-machine",
            "ecg",
            "eeg",
            "spirometer",
            "defibrillator",
            "incubator",
            "smart-bed",
            "sleep-apnea",
            "weight-scale",
            "radiotherapy",
            "endoscopy",
            "surgical-robot",
            "medical-device",
        ],
    },
    Group {
        key: "imaging",
        label: "Imaging",
        medical: true,
        slugs: &[
            "imaging-modality",
            "ct",
            "mri",
            "ultrasound",
            "x-ray",
            "mammography",
            "angiography",
            "nuclear-medicine",
            "bone-densitometer",
            "dental-imaging",
            "ophthalmic-imaging",
        ],
    },
    Group {
        key: "laboratory",
        label: "Laboratory",
        medical: true,
        slugs: &["lab-analyzer", "blood-gas-analyzer", "glucose-meter", "poc-data-manager"],
    },
    Group {
        key: "clinical",
        label: "Clinical systems",
        medical: true,
        slugs: &[
            "pacs",
            "dicom-worklist",
            "dicom-router",
            "dicom-printer",
            "imaging-workstation",
            "lis",
            "ehr-server",
            "integration-engine",
            "medical-device-gateway",
            "medication-cabinet",
        ],
    },
    Group {
        key: "it",
        label: "IT and office",
        medical: false,
        slugs: &[
            "computer",
            "workstation",
            "laptop",
            "thin-client",
            "server",
            "nas",
            "domain-controller",
            "dns-server",
            "dhcp-server",
            "ntp-server",
            "mail-server",
            "web-server",
            "file-server",
            "database-server",
            "log-server",
            "mqtt-broker",
            "authentication-server",
            "proxy",
            "hypervisor",
            "management-controller",
            "printer",
            "label-printer",
            "scanner",
            "barcode-scanner",
            "digital-signage",
            "ip-phone",
            "pbx",
            "video-conference",
        ],
    },
    Group {
        key: "network",
        label: "Network",
        medical: false,
        slugs: &[
            "network-device",
            "switch",
            "router",
            "firewall",
            "access-point",
            "wireless-controller",
            "modem",
            "console-server",
            "industrial-gateway",
        ],
    },
    Group {
        key: "building",
        label: "Building and logistics",
        medical: false,
        slugs: &[
            "badge-reader",
            "ip-camera",
            "nvr",
            "hvac-controller",
            "building-controller",
            "lighting",
            "elevator",
            "fire-alarm",
            "power-meter",
            "ups",
            "pdu",
            "plc",
            "hmi",
            "thermostat",
            "environment-sensor",
            "nurse-call",
            "rtls",
            "pneumatic-tube",
        ],
    },
    Group {
        key: "personal",
        label: "Personal and home",
        medical: false,
        slugs: &[
            "fitness-tracker",
            "phone",
            "tablet",
            "mobile-device",
            "smart-plug",
            "light-hub",
            "smart-speaker",
            "tv",
            "media-player",
            "game-console",
        ],
    },
    OTHER,
    UNKNOWN,
];

/// Categories that no group lists.
pub(crate) const OTHER: Group =
    Group { key: "other", label: "Other", medical: false, slugs: &["iot-device"] };

/// Devices whose category is not known.
pub(crate) const UNKNOWN: Group =
    Group { key: "unknown", label: "Unknown", medical: false, slugs: &["unknown"] };

/// The group of a category; [`UNKNOWN`] without one.
pub(crate) fn group_of(slug: Option<&str>) -> &'static Group {
    let slug = slug.unwrap_or("unknown");
    GROUPS.iter().find(|group| group.slugs.contains(&slug)).unwrap_or(&OTHER)
}

/// Position of a group in [`GROUPS`].
pub(crate) fn rank(group: &Group) -> usize {
    GROUPS.iter().position(|other| other.key == group.key).unwrap_or(GROUPS.len())
}

/// The words for a slug: `infusion-pump` is "Infusion pump", `ct-scanner` is "CT scanner".
pub(crate) fn words(slug: &str) -> String {
    let slug = slug.replace("x-ray", "X\u{2011}ray").replace("c-arm", "C\u{2011}arm");
    let mut words = String::new();
    for word in slug.split('-').filter(|word| !word.is_empty()) {
        if !words.is_empty() {
            words.push(' ');
        }
        match acronym(word) {
            Some(acronym) => words.push_str(acronym),
            None if words.is_empty() => {
                let mut letters = word.chars();
                words.extend(letters.next().into_iter().flat_map(char::to_uppercase));
                words.push_str(letters.as_str());
            }
            None => words.push_str(word),
        }
    }
    words.replace('\u{2011}', "-")
}

fn acronym(word: &str) -> Option<&'static str> {
    const ACRONYMS: &[&str] = &[
        "AED", "BMC", "CT", "DHCP", "DICOM", "DNS", "ECG", "EEG", "EHR", "EMG", "HL7", "HMI", "HVAC", "IP",
        "IT", "KVM", "LIS", "MQTT", "MRI", "NAS", "NTP", "NVR", "PACS", "PBX", "PC", "PDU", "PET", "PLC",
        "POCT", "RIS", "RTLS", "TV", "UPS", "USB", "VPN",
    ];
    match word {
        "iot" => Some("IoT"),
        "voip" => Some("VoIP"),
        "bacnet" => Some("BACnet"),
        _ => ACRONYMS.iter().copied().find(|acronym| acronym.eq_ignore_ascii_case(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::{GROUPS, group_of, rank, words};

    #[test]
    fn slugs_become_words() {
        let said = [
            "infusion-pump",
            "ct",
            "mri-scanner",
            "mobile-x-ray",
            "iot-gateway",
            "hvac-controller",
            "ip-camera",
        ]
        .map(words);
        assert_eq!(
            said,
            [
                "Infusion pump",
                "CT",
                "MRI scanner",
                "Mobile X-ray",
                "IoT gateway",
                "HVAC controller",
                "IP camera"
            ]
        );
    }

    #[test]
    fn every_slug_is_in_one_group() {
        let mut all: Vec<_> = GROUPS.iter().flat_map(|group| group.slugs).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_catalogue_knows_the_same_categories() {
        /// The catalogue's groups that count as medical here.
        const MEDICAL: [&str; 8] = [
            "medical",
            "imaging",
            "therapy",
            "imaging IT",
            "patient care",
            "surgery",
            "laboratory",
            "clinical IT",
        ];
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalog/categories.toml");
        let catalogue: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
        for category in catalogue["category"].as_array().unwrap() {
            let slug = category["slug"].as_str().unwrap();
            let group = group_of(Some(slug));
            assert!(group.slugs.contains(&slug), "{slug} is in no group");
            let medical = MEDICAL.contains(&category["group"].as_str().unwrap());
            assert_eq!(group.medical, medical, "{slug}");
        }
    }

    #[test]
    fn an_unlisted_category_is_not_medical() {
        assert_eq!(group_of(Some("coffee-machine")).key, "other");
        assert_eq!(group_of(None).key, "unknown");
        assert!(group_of(Some("ventilator")).medical);
        assert!(rank(group_of(Some("ct"))) < rank(group_of(Some("server"))));
    }
}
