//! Rule sets that stand somewhere today.

use std::path::Path;

use clap::ValueEnum;
use medward_policy::{Family, ReadError, Ruleset, cisco, iptables, nft_json, nft_text};

use super::text;
use crate::exit::Failure;

/// How existing rules are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// `nft list ruleset`
    Nft,
    /// `nft -j list ruleset`
    NftJson,
    /// `iptables-save`
    Iptables,
    /// `ip6tables-save`
    Ip6tables,
    /// IOS access lists: `show running-config`
    Cisco,
}

/// Reads them; the dialect is guessed where none is given.
pub fn read(path: &Path, dialect: Option<Dialect>) -> anyhow::Result<Vec<Ruleset>> {
    let text = text::read(path)?;
    let dialect = dialect.unwrap_or_else(|| guess(&text));
    let read: Result<Vec<Ruleset>, ReadError> = match dialect {
        Dialect::Nft => nft_text(&text),
        Dialect::NftJson => nft_json(&text),
        Dialect::Iptables => iptables(&text, Family::V4),
        Dialect::Ip6tables => iptables(&text, Family::V6),
        Dialect::Cisco => cisco(&text),
    };
    read.map_err(|error| {
        let name = dialect.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        Failure::unreadable(format!(
            "{}: read as {name}, {error}; --dialect says how it is written",
            path.display()
        ))
    })
}

fn guess(text: &str) -> Dialect {
    let start = text.trim_start();
    if start.starts_with('{') {
        return Dialect::NftJson;
    }
    let line = |begins: &str| text.lines().any(|line| line.trim_start().starts_with(begins));
    if line("*filter") {
        let six = text.lines().take(5).any(|line| line.contains("ip6tables"));
        return if six { Dialect::Ip6tables } else { Dialect::Iptables };
    }
    if line("table ") { Dialect::Nft } else { Dialect::Cisco }
}
