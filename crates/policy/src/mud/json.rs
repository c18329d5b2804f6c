//! JSON with the place of everything, for errors that point.

use serde_json::{Map, Value};

use super::MudError;

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct At<'v> {
    pub value: &'v Value,
    pub path: &'v str,
}

pub(super) fn wrong(path: &str, what: impl Into<String>) -> MudError {
    MudError::Wrong {
        path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        what: what.into(),
    }
}

/// The place of a member.
pub(super) fn below(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}

impl<'v> At<'v> {
    pub fn object(self) -> Result<&'v Map<String, Value>, MudError> {
        self.value.as_object().ok_or_else(|| wrong(self.path, "an object is expected"))
    }

    /// A member by its name, with or without its module (RFC 7951, 4).
    pub fn get(self, module: &str, name: &str) -> Result<Option<(&'v Value, String)>, MudError> {
        let object = self.object()?;
        let full = format!("{module}:{name}");
        let found = object.get_key_value(&full).or_else(|| object.get_key_value(name));
        Ok(found.map(|(key, value)| (value, below(self.path, key))))
    }

    pub fn text(self, module: &str, name: &str) -> Result<Option<String>, MudError> {
        match self.get(module, name)? {
            None => Ok(None),
            Some((Value::String(text), _)) => Ok(Some(text.clone())),
            Some((_, path)) => Err(wrong(&path, "a text is expected")),
        }
    }

    /// The entries of a list in a container: `{"access-list": [...]}`.
    pub fn list(self, name: &str) -> Result<Vec<(&'v Value, String)>, MudError> {
        match self.get("", name)? {
            None => Ok(Vec::new()),
            Some((Value::Array(all), path)) => {
                Ok(all.iter().enumerate().map(|(at, value)| (value, format!("{path}/{at}"))).collect())
            }
            Some((_, path)) => Err(wrong(&path, "a list is expected")),
        }
    }
}

/// A number of that size.
pub(super) fn number<N: TryFrom<u64>>(value: &Value, path: &str, most: u64) -> Result<N, MudError> {
    value
        .as_u64()
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| wrong(path, format!("a number from 0 to {most} is expected")))
}
