//! From value to text, always the same for the same value.

use std::fmt::Write as _;

use super::read::CONFIDENCE;
use super::{Conduit, Duty, Ends, Fail, Members, Policy, SCHEMA, Service, StatedBy, Treatment, Zone};

impl Policy {
    /// The text; reading it gives the same policy again.
    pub fn text(&self) -> String {
        let mut out = String::new();
        line(&mut out, "schema", &quoted(SCHEMA));
        line(&mut out, "name", &quoted(&self.name));
        optional(&mut out, "owner", self.owner.as_deref());
        head(&mut out, "[defaults]");
        line(&mut out, "stage", &quoted(self.stage.name()));
        for zone in &self.zones {
            self.zone_text(&mut out, zone);
        }
        for conduit in &self.conduits {
            conduit_text(&mut out, conduit);
        }
        for invariant in &self.invariants {
            head(&mut out, if invariant.duty == Duty::Never { "[[never]]" } else { "[[always]]" });
            ends(&mut out, "from", &invariant.from);
            ends(&mut out, "to", &invariant.to);
            services(&mut out, &invariant.services);
            line(&mut out, "reason", &quoted(&invariant.reason));
        }
        for (name, treatment) in [("[unknown]", &self.unknown), ("[unsure]", &self.unsure)] {
            head(&mut out, name);
            match treatment {
                Treatment::Alert => line(&mut out, "treatment", "\"alert\""),
                Treatment::Fine => line(&mut out, "treatment", "\"fine\""),
                Treatment::Coarse(zone) => {
                    line(&mut out, "treatment", "\"coarse\"");
                    line(&mut out, "zone", &quoted(zone));
                }
            }
        }
        if let Some(glass) = &self.break_glass {
            head(&mut out, "[break_glass]");
            line(&mut out, "who", &list(glass.who.iter().map(String::as_str)));
            line(&mut out, "minutes", &glass.minutes.to_string());
        }
        out
    }

    fn zone_text(&self, out: &mut String, zone: &Zone) {
        head(out, &format!("[zone.{}]", key(&zone.name)));
        match &zone.members {
            Members::Where { text, .. } => line(out, "where", &quoted(text)),
            Members::Networks(all) => {
                let texts: Vec<String> =
                    all.iter().map(|(address, prefix)| format!("{address}/{prefix}")).collect();
                line(out, "addresses", &list(texts.iter().map(String::as_str)));
            }
            Members::External => line(out, "external", "true"),
        }
        if zone.confidence.to_bits() != CONFIDENCE.to_bits() {
            line(out, "confidence", &format!("{:?}", zone.confidence));
        }
        optional(out, "kind", zone.kind.map(super::Kind::name));
        if zone.stage != self.stage {
            line(out, "stage", &quoted(zone.stage.name()));
        }
        if zone.fail != Fail::Open {
            line(out, "fail", &quoted(zone.fail.name()));
        }
        optional(out, "owner", zone.owner.as_deref());
        optional(out, "reason", zone.reason.as_deref());
        if !zone.break_glass {
            line(out, "break_glass", "false");
        }
    }
}

fn conduit_text(out: &mut String, conduit: &Conduit) {
    head(out, "[[conduit]]");
    ends(out, "from", &conduit.from);
    ends(out, "to", &conduit.to);
    services(out, &conduit.services);
    if let Some(rate) = conduit.rate {
        let unit = match rate.seconds {
            1 => "s",
            60 => "min",
            3600 => "h",
            _ => "day",
        };
        line(out, "rate", &quoted(&format!("{}/{unit}", rate.flows)));
    }
    if let Some(window) = conduit.window {
        line(out, "window", &quoted(&window.to_string()));
    }
    if let Some(day) = conduit.expires {
        line(out, "expires", &day.to_string());
    }
    optional(out, "reason", conduit.reason.as_deref());
    optional(out, "owner", conduit.owner.as_deref());
    if conduit.stated_by != StatedBy::Person {
        line(out, "stated_by", &quoted(conduit.stated_by.name()));
    }
}

fn head(out: &mut String, head: &str) {
    let _ = write!(out, "\n{head}\n");
}

fn line(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} = {value}");
}

fn optional(out: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        line(out, key, &quoted(value));
    }
}

fn ends(out: &mut String, key: &str, ends: &Ends) {
    match ends {
        Ends::Any => line(out, key, "\"any\""),
        Ends::Zones(names) => match names.as_slice() {
            [one] => line(out, key, &quoted(one)),
            all => line(out, key, &list(all.iter().map(String::as_str))),
        },
    }
}

fn services(out: &mut String, services: &[Service]) {
    if !services.is_empty() {
        let texts: Vec<String> = services.iter().map(ToString::to_string).collect();
        line(out, "service", &list(texts.iter().map(String::as_str)));
    }
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}

/// Text as TOML: in single quotes where it holds double ones, which selectors do.
fn quoted(text: &str) -> String {
    let odd = |c: char| c.is_control() || c == '\'';
    if text.contains(['"', '\\']) && !text.contains(odd) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key, bare where it can be.
fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { name.to_owned() } else { quoted(name) }
}
