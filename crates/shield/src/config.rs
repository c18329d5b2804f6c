//! Scopes from a file.

use std::net::IpAddr;

use medward_policy::{Addresses, Fail, Window, network};
use serde::Deserialize;

use crate::scope::{Named, Scope};
use crate::shields::shield;

/// The schema that a file names.
pub const SCHEMA: &str = "medward.shields/1";

/// Most scopes in a file: each has its own range of rule numbers.
const MAX_SCOPES: usize = 40;

/// What is protected, from a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    pub scopes: Vec<Scope>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("not TOML of schema {SCHEMA}: {0}")]
    Shape(String),
    #[error("its schema is '{0}'; this program reads {SCHEMA}")]
    Schema(String),
    #[error("no [[scope]]: nothing would be protected")]
    Empty,
    #[error("{0} scopes; {MAX_SCOPES} at most")]
    TooMany(usize),
    #[error("two scopes are called '{0}'")]
    Twice(String),
    #[error("scope '{0}': protect names no address")]
    Unprotected(String),
    #[error("scope '{scope}', {key}: {problem}")]
    Value { scope: String, key: &'static str, problem: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FileShape {
    schema: String,
    /// "+01:00"; UTC where it is not given.
    utc_offset: Option<String>,
    fail: Option<String>,
    #[serde(default)]
    scope: Vec<ScopeShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ScopeShape {
    name: String,
    protect: Vec<String>,
    #[serde(default)]
    servers: Vec<String>,
    #[serde(default)]
    archives: Vec<String>,
    #[serde(default)]
    ae_titles: Vec<String>,
    #[serde(default)]
    applications: Vec<String>,
    #[serde(default)]
    windows: Vec<String>,
    #[serde(default)]
    shields: Vec<String>,
    fail: Option<String>,
}

impl Config {
    /// Reads a file's text.
    pub fn read(text: &str) -> Result<Config, ConfigError> {
        let file: FileShape = toml::from_str(text).map_err(|error| ConfigError::Shape(error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(ConfigError::Schema(file.schema));
        }
        match file.scope.len() {
            0 => return Err(ConfigError::Empty),
            count if count > MAX_SCOPES => return Err(ConfigError::TooMany(count)),
            _ => {}
        }
        let whole = |key: &'static str| {
            move |problem: String| ConfigError::Value { scope: "(file)".to_owned(), key, problem }
        };
        let ahead = file.utc_offset.as_deref().map_or(Ok(0), offset).map_err(whole("utc-offset"))?;
        let fail = file.fail.as_deref().map(fails).transpose().map_err(whole("fail"))?;
        let mut scopes: Vec<Scope> = Vec::new();
        for shape in &file.scope {
            let mut scope = scope(shape, ahead)?;
            scope.fail = scope.fail.or(fail);
            if scopes.iter().any(|known| known.name == scope.name) {
                return Err(ConfigError::Twice(scope.name));
            }
            scopes.push(scope);
        }
        Ok(Config { scopes })
    }

    /// Lets every scope that does not say itself fail that way.
    pub fn fail(&mut self, fail: Fail) {
        for scope in &mut self.scopes {
            scope.fail.get_or_insert(fail);
        }
    }

    /// Whether a scope fails closed.
    pub fn fails_closed(&self) -> bool {
        self.scopes.iter().any(|scope| scope.fail == Some(Fail::Closed))
    }
}

fn scope(shape: &ScopeShape, clock_ahead: i64) -> Result<Scope, ConfigError> {
    let value = |key: &'static str| {
        move |problem: String| ConfigError::Value { scope: shape.name.clone(), key, problem }
    };
    let protect = networks(&shape.protect).map_err(value("protect"))?;
    if protect.is_empty() {
        return Err(ConfigError::Unprotected(shape.name.clone()));
    }
    let windows = shape.windows.iter().map(|text| text.parse::<Window>());
    let shields = shape.shields.iter().map(|name| {
        shield(name).map(|shield| shield.name).ok_or_else(|| format!("there is no shield '{name}'"))
    });
    Ok(Scope {
        name: shape.name.clone(),
        protect,
        servers: networks(&shape.servers).map_err(value("servers"))?,
        archives: networks(&shape.archives).map_err(value("archives"))?,
        ae_titles: names(&shape.ae_titles, 16).map_err(value("ae-titles"))?,
        applications: names(&shape.applications, 227).map_err(value("applications"))?,
        windows: windows.collect::<Result<_, _>>().map_err(value("windows"))?,
        clock_ahead,
        shields: shields.collect::<Result<_, _>>().map_err(value("shields"))?,
        fail: shape.fail.as_deref().map(fails).transpose().map_err(value("fail"))?,
    })
}

fn fails(text: &str) -> Result<Fail, String> {
    Fail::by_name(text).ok_or_else(|| format!("'{text}' is neither open nor closed"))
}

/// Networks as text: `10.1.2.0/24`, `10.1.2.3`, `fd00::/8`.
fn networks(list: &[String]) -> Result<Addresses, String> {
    list.iter().try_fold(Addresses::empty(), |all, text| Ok(all.union(&network_of(text)?)))
}

fn network_of(text: &str) -> Result<Addresses, String> {
    let wrong = || format!("'{text}' is no address and no network like 10.1.2.0/24");
    let (address, length) = text.trim().split_once('/').map_or((text.trim(), None), |(a, l)| (a, Some(l)));
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Ok(width), |length| length.parse::<u8>().map_err(|_| wrong()))?;
    if length > width { Err(wrong()) } else { Ok(network(address, length)) }
}

/// Names with or without the network that they may come from: `CT1`, `CT1@10.1.2.0/24`.
fn names(list: &[String], longest: usize) -> Result<Vec<Named>, String> {
    let read = |text: &String| {
        let (name, at) = text.rsplit_once('@').map_or((text.as_str(), None), |(name, at)| (name, Some(at)));
        let plain = name.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        if name.trim().is_empty() || name.len() > longest || !plain {
            return Err(format!("'{text}' is no name of 1 to {longest} printable characters"));
        }
        Ok(Named { name: name.trim().to_owned(), at: at.map(network_of).transpose()? })
    };
    list.iter().map(read).collect()
}

/// "+01:00", "-05:30", "Z".
fn offset(text: &str) -> Result<i64, String> {
    let wrong = || format!("'{text}' is no offset like +01:00");
    if text == "Z" {
        return Ok(0);
    }
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(wrong()),
    };
    let (hours, minutes) = rest.split_once(':').ok_or_else(wrong)?;
    match (hours.parse::<u8>(), minutes.parse::<u8>()) {
        (Ok(hours @ 0..=14), Ok(minutes @ 0..=59)) => {
            Ok(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
        }
        _ => Err(wrong()),
    }
}
