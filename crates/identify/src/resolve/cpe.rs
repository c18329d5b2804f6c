//! CPE 2.3 names (NISTIR 7695) of programs whose vendor and product in the dictionary are certain.

/// Program as found, in lower case, with vendor and product of the dictionary.
const KNOWN: [(&str, &str); 22] = [
    ("apache", "apache:http_server"),
    ("asterisk", "digium:asterisk"),
    ("cups", "openprinting:cups"),
    ("curl", "haxx:curl"),
    ("dcmtk", "offis:dcmtk"),
    ("dnsmasq", "thekelleys:dnsmasq"),
    ("dropbear", "dropbear_ssh_project:dropbear_ssh"),
    ("exim", "exim:exim"),
    ("firefox", "mozilla:firefox"),
    ("lighttpd", "lighttpd:lighttpd"),
    ("mariadb", "mariadb:mariadb"),
    ("microsoft-iis", "microsoft:internet_information_services"),
    ("mosquitto", "eclipse:mosquitto"),
    ("net-snmp", "net-snmp:net-snmp"),
    ("nginx", "f5:nginx"),
    ("openssh", "openbsd:openssh"),
    ("orthanc", "orthanc-server:orthanc"),
    ("postgresql", "postgresql:postgresql"),
    ("proftpd", "proftpd:proftpd"),
    ("python", "python:python"),
    ("samba", "samba:samba"),
    ("wget", "gnu:wget"),
];

/// The CPE name of a program with a plain version; `None` where the name or the version's form is not certain.
pub fn cpe(name: &str, version: Option<&str>) -> Option<String> {
    let name = name.to_lowercase();
    let (_, product) = KNOWN.iter().find(|(known, _)| *known == name)?;
    let version = version?.to_lowercase();
    // OpenSSH's portable releases have the patch level in the field for updates.
    let (version, update) = match version.split_once('p') {
        Some((main, patch)) if product.ends_with(":openssh") => (main.to_owned(), format!("p{patch}")),
        _ => (version, "*".to_owned()),
    };
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    let starts = version.starts_with(|c: char| c.is_ascii_digit());
    let certain = starts && plain(&version) && (update == "*" || plain(&update));
    certain.then(|| format!("cpe:2.3:a:{product}:{version}:{update}:*:*:*:*:*:*"))
}

#[cfg(test)]
mod tests {
    use super::cpe;

    #[test]
    fn only_plain_versions_of_known_programs_have_a_name() {
        assert_eq!(
            cpe("OpenSSH", Some("9.2p1")).as_deref(),
            Some("cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*")
        );
        assert_eq!(cpe("nginx", Some("1.22.1")).as_deref(), Some("cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*"));
        assert_eq!(cpe("nginx", None), None);
        assert_eq!(cpe("nginx", Some("1.2-beta:x")), None);
        assert_eq!(cpe("northview", Some("4.2")), None);
    }
}
