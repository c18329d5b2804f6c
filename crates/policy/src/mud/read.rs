//! The file: the description, and the lists that it names (RFC 8520, 3 and 6).

use std::collections::BTreeSet;

use serde_json::Value;

use super::ace::{self, Way};
use super::json::{At, below, wrong};
use super::{ENTRIES, LONGEST, Mud, MudError, MudNote};

impl Mud {
    /// Reads a file.
    pub fn read(text: &str) -> Result<Mud, MudError> {
        if text.len() > LONGEST {
            return Err(MudError::TooLong);
        }
        let root: Value = serde_json::from_str(text).map_err(|error| MudError::NotJson(error.to_string()))?;
        let root = At { value: &root, path: "" };
        let (mud, path) = root
            .get("ietf-mud", "mud")?
            .ok_or_else(|| wrong("", "it holds no 'ietf-mud:mud': it is no usage description (RFC 8520)"))?;
        let mud = At { value: mud, path: &path };
        match mud.get("ietf-mud", "mud-version")? {
            None => return Err(wrong(mud.path, "'mud-version' is missing")),
            Some((version, path)) if version.as_u64() != Some(1) => {
                return Err(wrong(&path, "only version 1 is understood"));
            }
            Some(_) => {}
        }
        let url = mud.text("ietf-mud", "mud-url")?.ok_or_else(|| wrong(mud.path, "'mud-url' is missing"))?;
        let authority = authority(&url).ok_or_else(|| {
            wrong(&below(mud.path, "mud-url"), "it is not an address like https://maker.example/model.json")
        })?;
        let mut notes = Vec::new();
        notice(mud, &mut notes)?;
        let supported = match mud.get("ietf-mud", "is-supported")? {
            None => true,
            Some((value, path)) => {
                value.as_bool().ok_or_else(|| wrong(&path, "true or false is expected"))?
            }
        };
        let mut file = Mud {
            authority,
            last_update: mud.text("ietf-mud", "last-update")?,
            supported,
            description: mud.text("ietf-mud", "systeminfo")?,
            manufacturer: mud.text("ietf-mud", "mfg-name")?,
            model: mud.text("ietf-mud", "model-name")?,
            url,
            usages: Vec::new(),
            notes,
        };
        file.lists(root, mud)?;
        file.usages.sort();
        file.notes.sort();
        file.notes.dedup();
        Ok(file)
    }

    fn lists(&mut self, root: At<'_>, mud: At<'_>) -> Result<(), MudError> {
        let wanted = [
            (Way::FromDevice, names(mud, "from-device-policy")?),
            (Way::ToDevice, names(mud, "to-device-policy")?),
        ];
        let Some((lists, path)) = root
            .get("ietf-access-control-list", "acls")?
            .or(root.get("ietf-access-control-list", "access-lists")?)
        else {
            if wanted.iter().all(|(_, names)| names.is_empty()) {
                return Ok(());
            }
            return Err(wrong("", "it names access lists and holds no 'ietf-access-control-list:acls'"));
        };
        let lists = At { value: lists, path: &path }.list("acl")?;
        let mut used = BTreeSet::new();
        let mut entries = 0;
        for (way, names) in wanted {
            for (name, named_at) in names {
                let mut found = false;
                for (list, path) in &lists {
                    let list = At { value: list, path };
                    if list.text("ietf-access-control-list", "name")?.as_deref() != Some(name.as_str()) {
                        continue;
                    }
                    found = true;
                    used.insert(path.clone());
                    let Some((aces, path)) = list.get("ietf-access-control-list", "aces")? else { continue };
                    for (entry, path) in (At { value: aces, path: &path }).list("ace")? {
                        entries += 1;
                        if entries > ENTRIES {
                            return Err(wrong(&path, format!("there are more than {ENTRIES} entries")));
                        }
                        let entry = At { value: entry, path: &path };
                        self.usages.extend(ace::read(entry, way, &mut self.notes)?);
                    }
                }
                if !found {
                    return Err(wrong(&named_at, format!("no access list is called '{name}'")));
                }
            }
        }
        for (_, path) in lists.iter().filter(|(_, path)| !used.contains(path)) {
            self.notes.push(MudNote { path: path.clone(), text: "no policy uses this list".to_owned() });
        }
        Ok(())
    }
}

/// What the description says that is not looked at.
fn notice(mud: At<'_>, notes: &mut Vec<MudNote>) -> Result<(), MudError> {
    const KNOWN: &[&str] = &[
        "mud-version",
        "mud-url",
        "last-update",
        "mud-signature",
        "cache-validity",
        "is-supported",
        "systeminfo",
        "mfg-name",
        "model-name",
        "firmware-rev",
        "software-rev",
        "documentation",
        "from-device-policy",
        "to-device-policy",
    ];
    for key in mud.object()?.keys() {
        let bare = key.strip_prefix("ietf-mud:").unwrap_or(key);
        if !KNOWN.contains(&bare) {
            notes.push(MudNote { path: below(mud.path, key), text: "it is not looked at".to_owned() });
        }
    }
    Ok(())
}

/// The names of the lists of one way, each with its place.
fn names(mud: At<'_>, policy: &str) -> Result<Vec<(String, String)>, MudError> {
    let Some((policy, path)) = mud.get("ietf-mud", policy)? else { return Ok(Vec::new()) };
    let Some((lists, path)) = (At { value: policy, path: &path }).get("ietf-mud", "access-lists")? else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for (entry, path) in (At { value: lists, path: &path }).list("access-list")? {
        let name = At { value: entry, path: &path }
            .text("ietf-mud", "name")?
            .ok_or_else(|| wrong(&path, "'name' is missing"))?;
        all.push((name, path));
    }
    Ok(all)
}

/// The host of an address.
fn authority(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?;
    let right = matches!(scheme, "https" | "http") && !host.is_empty();
    right.then(|| host.to_ascii_lowercase())
}
