//! Pairs of user and password that makers ship, as HTTP Basic carries them (RFC 7617, 2).
//!
//! Compared whole and never decoded: what is not in the list is not looked at, and nothing of it leaves here. Source: makers'
//! public manuals and setup guides; Orthanc's default user stands in its own documentation.

/// Credentials as in the header, in order, with the user's name.
const PAIRS: [(&str, &str); 30] = [
    ("NjY2NjY2OjY2NjY2Ng==", "666666"),
    ("ODg4ODg4Ojg4ODg4OA==", "888888"),
    ("QWRtaW46QWRtaW4=", "Admin"),
    ("YWRtaW46", "admin"),
    ("YWRtaW46MTIzNA==", "admin"),
    ("YWRtaW46MTIzNDU2", "admin"),
    ("YWRtaW46MTIzNDU=", "admin"),
    ("YWRtaW46OTk5OQ==", "admin"),
    ("YWRtaW46YWRtaW4=", "admin"),
    ("YWRtaW46cGFzc3dvcmQ=", "admin"),
    ("YWRtaW5pc3RyYXRvcjphZG1pbmlzdHJhdG9y", "administrator"),
    ("YWRtaW5pc3RyYXRvcjpwYXNzd29yZA==", "administrator"),
    ("Z3Vlc3Q6Z3Vlc3Q=", "guest"),
    ("ZGVmYXVsdDpkZWZhdWx0", "default"),
    ("b3BlcmF0b3I6b3BlcmF0b3I=", "operator"),
    ("b3J0aGFuYzpvcnRoYW5j", "orthanc"),
    ("c2VydmljZTpzZXJ2aWNl", "service"),
    ("c3VwZXJ2aXNvcjpzdXBlcnZpc29y", "supervisor"),
    ("c3VwcG9ydDpzdXBwb3J0", "support"),
    ("c3lzYWRtOnN5c2FkbQ==", "sysadm"),
    ("cGk6cmFzcGJlcnJ5", "pi"),
    ("cm9vdDo=", "root"),
    ("cm9vdDphZG1pbg==", "root"),
    ("cm9vdDpwYXNz", "root"),
    ("cm9vdDpwYXNzd29yZA==", "root"),
    ("cm9vdDpyb290", "root"),
    ("dG9tY2F0OnRvbWNhdA==", "tomcat"),
    ("dGVjaDp0ZWNo", "tech"),
    ("dWJudDp1Ym50", "ubnt"),
    ("dXNlcjp1c2Vy", "user"),
];

/// The user whose factory password these credentials are.
pub(super) fn factory_user(credentials: &str) -> Option<&'static str> {
    let at = PAIRS.binary_search_by(|(pair, _)| (*pair).cmp(credentials.trim())).ok()?;
    PAIRS.get(at).map(|(_, user)| *user)
}

#[cfg(test)]
mod tests {
    use super::factory_user;

    #[test]
    fn only_pairs_of_the_list_are_known() {
        assert_eq!(factory_user("YWRtaW46YWRtaW4="), Some("admin"));
        assert_eq!(factory_user("YWRtaW46czNjcjN0"), None);
    }
}
