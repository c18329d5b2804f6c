//! The shapes of catalogue files, as written, and their checks.

use std::collections::BTreeMap;

use medward_model::Attribute;
use serde::Deserialize;

use super::rule::{ClaimPart, Condition, How, Rule, SoftwarePart, Template, Test};
use super::{CatalogError, Category, OuiKind};

/// A file: any of these lists.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileShape {
    #[serde(default)]
    pub category: Vec<CategoryShape>,
    #[serde(default)]
    pub vendor: Vec<NameShape>,
    #[serde(default)]
    pub system: Vec<NameShape>,
    #[serde(default)]
    pub oui: Vec<OuiShape>,
    #[serde(default)]
    pub rule: Vec<RuleShape>,
    #[serde(default)]
    pub table: Vec<TableShape>,
    #[serde(default)]
    pub model: Vec<ModelShape>,
}

/// One or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Several<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Several<T> {
    fn all(&self) -> &[T] {
        match self {
            Several::One(one) => std::slice::from_ref(one),
            Several::Many(many) => many,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CategoryShape {
    pub slug: String,
    label: String,
    group: String,
    role: Option<String>,
    fda_class: Option<String>,
    life_supporting: Option<String>,
    #[serde(default)]
    basis: String,
    within: Option<String>,
    source: String,
}

impl CategoryShape {
    pub(super) fn check(&self, file: &str) -> Result<Category, CatalogError> {
        let wrong = |reason: &str| CatalogError::entry(file, &self.slug, reason.to_owned());
        sourced(file, &self.slug, &self.source)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.slug.is_empty() || !self.slug.chars().all(plain) {
            return Err(wrong("has a slug that is not of a-z, 0-9 and '-'"));
        }
        if self.fda_class.as_deref().is_some_and(|class| !matches!(class, "1" | "2" | "3")) {
            return Err(wrong("has an fda_class that is none of \"1\", \"2\", \"3\""));
        }
        let life_supporting = self.life_supporting.clone().unwrap_or_else(|| "unknown".to_owned());
        if !matches!(life_supporting.as_str(), "yes" | "no" | "unknown") {
            return Err(wrong("has a life_supporting that is none of \"yes\", \"no\", \"unknown\""));
        }
        if life_supporting != "unknown" && self.basis.is_empty() {
            return Err(wrong("says life_supporting without a basis"));
        }
        Ok(Category {
            slug: self.slug.clone(),
            label: self.label.clone(),
            group: self.group.clone(),
            role: self.role.clone(),
            fda_class: self.fda_class.clone(),
            life_supporting,
            basis: self.basis.clone(),
            within: self.within.clone(),
            source: self.source.clone(),
        })
    }
}

/// A name with its other spellings: of a vendor or an operating system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameShape {
    pub name: String,
    /// Other spellings; a final `*` stands for any further words.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Vendor: who owns it now. System: the wider family it belongs to.
    pub within: Option<String>,
    /// Only a family: supports what lies within it, but is not published itself.
    #[serde(default)]
    pub family_only: bool,
    source: String,
}

impl NameShape {
    pub(super) fn check(&self, file: &str) -> Result<(), CatalogError> {
        sourced(file, &self.name, &self.source)
    }
}

/// What the maker of a network interface says of the maker of the device.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OuiShape {
    kind: String,
    pub organisations: Vec<String>,
    source: String,
}

impl OuiShape {
    pub(super) fn check(&self, file: &str) -> Result<OuiKind, CatalogError> {
        let entry = format!("oui {}", self.kind);
        sourced(file, &entry, &self.source)?;
        OuiKind::by_name(&self.kind).ok_or_else(|| {
            CatalogError::entry(
                file,
                &entry,
                "has a kind that is none of component, platform, virtual, device, network".into(),
            )
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenShape {
    source: Option<Several<String>>,
    field: Option<Several<String>>,
    attribute: Option<String>,
    equals: Option<Several<String>>,
    prefix: Option<Several<String>>,
    contains: Option<Several<String>>,
    matches: Option<Several<String>>,
    present: Option<bool>,
    #[serde(default)]
    any: Vec<WhenShape>,
}

impl WhenShape {
    fn tests(&self, file: &str, id: &str) -> Result<Vec<Test>, CatalogError> {
        let wrong = |reason: &str| CatalogError::entry(file, id, reason.to_owned());
        let mut tests = Vec::new();
        for inner in &self.any {
            tests.extend(inner.tests(file, id)?);
        }
        let mut hows = Vec::new();
        let texts = |given: &Option<Several<String>>| {
            given.iter().flat_map(|several| several.all().to_vec()).collect::<Vec<_>>()
        };
        hows.extend(texts(&self.equals).into_iter().map(|t| How::Equals(t.to_lowercase())));
        hows.extend(texts(&self.prefix).into_iter().map(|t| How::Prefix(t.to_lowercase())));
        hows.extend(texts(&self.contains).into_iter().map(|t| How::Contains(t.to_lowercase())));
        hows.extend(texts(&self.matches).into_iter().map(How::Matches));
        if self.present == Some(true) {
            hows.push(How::Prefix(String::new()));
        }
        let places: Vec<(String, String)> = match (&self.source, &self.field, &self.attribute) {
            (Some(sources), Some(fields), None) => sources
                .all()
                .iter()
                .flat_map(|s| fields.all().iter().map(move |f| (s.clone(), f.clone())))
                .collect(),
            (None, None, Some(attribute)) => {
                if Attribute::by_name(attribute).is_none() {
                    return Err(wrong("has a condition on an attribute that does not exist"));
                }
                vec![("attribute".to_owned(), attribute.clone())]
            }
            (None, None, None) if !self.any.is_empty() => Vec::new(),
            _ => return Err(wrong("has a condition that names neither source and field nor attribute")),
        };
        if places.is_empty() != hows.is_empty() {
            return Err(wrong("has a condition without equals, prefix, contains, matches, present or any"));
        }
        for (source, field) in places {
            for how in &hows {
                tests.push(Test { source: source.clone(), field: field.clone(), how: how.clone() });
            }
        }
        Ok(tests)
    }
}

/// A claim: a value, or a value with its own percent.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ClaimShape {
    Value(String),
    Weighed { value: String, percent: u8 },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SoftwareShape {
    name: String,
    version: Option<String>,
    cpe: Option<String>,
    purl: Option<String>,
    percent: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleShape {
    id: String,
    when: Several<WhenShape>,
    /// Nothing is claimed where one of these holds.
    unless: Option<Several<WhenShape>>,
    #[serde(default)]
    claims: BTreeMap<String, ClaimShape>,
    #[serde(default)]
    software: Vec<SoftwareShape>,
    percent: Option<u8>,
    source: String,
}

impl RuleShape {
    pub(super) fn check(&self, file: &str) -> Result<Rule, CatalogError> {
        sourced(file, &self.id, &self.source)?;
        let conditions = self
            .when
            .all()
            .iter()
            .map(|when| when.tests(file, &self.id).map(|tests| Condition { tests }))
            .collect::<Result<Vec<_>, _>>()?;
        let unless = self
            .unless
            .iter()
            .flat_map(Several::all)
            .map(|when| when.tests(file, &self.id).map(|tests| Condition { tests }))
            .collect::<Result<Vec<_>, _>>()?;
        let (claims, software) = parts(file, &self.id, &self.claims, &self.software, self.percent)?;
        Ok(Rule {
            id: self.id.clone(),
            file: file.to_owned(),
            source: self.source.clone(),
            conditions,
            unless,
            claims,
            software,
        })
    }
}

fn parts(
    file: &str,
    id: &str,
    claims: &BTreeMap<String, ClaimShape>,
    software: &[SoftwareShape],
    percent: Option<u8>,
) -> Result<(Vec<ClaimPart>, Vec<SoftwarePart>), CatalogError> {
    let wrong = |reason: String| CatalogError::entry(file, id, reason);
    let weigh = |own: Option<u8>| match own.or(percent) {
        Some(percent @ 1..=99) => Ok(f64::from(percent) / 100.0),
        Some(_) => Err(wrong("has a percent that is not from 1 to 99".into())),
        None => Err(wrong("has no percent".into())),
    };
    let mut parts = Vec::new();
    for (name, claim) in claims {
        let attribute = Attribute::by_name(name)
            .ok_or_else(|| wrong(format!("claims '{name}', which is no attribute")))?;
        if attribute == Attribute::Software {
            return Err(wrong("claims software among claims; use its list 'software'".into()));
        }
        let (value, own) = match claim {
            ClaimShape::Value(value) => (value, None),
            ClaimShape::Weighed { value, percent } => (value, Some(*percent)),
        };
        parts.push(ClaimPart { attribute, value: Template::new(value), weight: weigh(own)? });
    }
    let mut software_parts = Vec::new();
    for one in software {
        software_parts.push(SoftwarePart {
            name: Template::new(&one.name),
            version: one.version.as_deref().map(Template::new),
            cpe: one.cpe.as_deref().map(Template::new),
            purl: one.purl.as_deref().map(Template::new),
            weight: weigh(one.percent)?,
        });
    }
    if parts.is_empty() && software_parts.is_empty() {
        return Err(wrong("claims nothing".into()));
    }
    Ok((parts, software_parts))
}

/// Many rules of one kind: a registry of numbers or prefixes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableShape {
    id: String,
    /// Where the keys stand; several places are alternatives.
    fields: Vec<PlaceShape>,
    /// The attribute that the entries' values are.
    claim: String,
    percent: u8,
    source: String,
    entries: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceShape {
    source: String,
    field: String,
    /// "equals" or "prefix".
    how: String,
    /// Text around the key, which stands as `{}`.
    pattern: Option<String>,
}

impl TableShape {
    pub(super) fn rules(&self, file: &str) -> Result<Vec<Rule>, CatalogError> {
        sourced(file, &self.id, &self.source)?;
        self.entries
            .iter()
            .map(|(key, value)| {
                let id = format!("{}-{}", self.id, key.trim_matches('.'));
                let tests = self
                    .fields
                    .iter()
                    .map(|place| {
                        let text = place.pattern.as_deref().unwrap_or("{}").replace("{}", key).to_lowercase();
                        let how = match place.how.as_str() {
                            "equals" => How::Equals(text),
                            "prefix" => How::Prefix(text),
                            _ => {
                                let reason = "has a field whose 'how' is neither equals nor prefix";
                                return Err(CatalogError::entry(file, &self.id, reason.into()));
                            }
                        };
                        Ok(Test { source: place.source.clone(), field: place.field.clone(), how })
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                let claims = BTreeMap::from([(self.claim.clone(), ClaimShape::Value(value.clone()))]);
                let (claims, software) = parts(file, &id, &claims, &[], Some(self.percent))?;
                Ok(Rule {
                    id,
                    file: file.to_owned(),
                    source: self.source.clone(),
                    conditions: vec![Condition { tests }],
                    unless: Vec::new(),
                    claims,
                    software,
                })
            })
            .collect()
    }
}

/// A product that a model name tells.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelShape {
    id: String,
    /// Patterns on the attribute "model" (regular expressions, case ignored).
    matches: Several<String>,
    /// Only where the vendor is already known to be this one.
    vendor_is: Option<Several<String>>,
    vendor: Option<ClaimShape>,
    family: Option<ClaimShape>,
    model: Option<ClaimShape>,
    category: Option<ClaimShape>,
    os: Option<ClaimShape>,
    percent: u8,
    source: String,
}

impl ModelShape {
    pub(super) fn rule(&self, file: &str) -> Result<Rule, CatalogError> {
        sourced(file, &self.id, &self.source)?;
        let test = |field: &str, how: How| Test { source: "attribute".into(), field: field.into(), how };
        let tests = self
            .matches
            .all()
            .iter()
            .map(|pattern| test("model", How::Matches(format!("(?i){pattern}"))))
            .collect();
        let mut conditions = vec![Condition { tests }];
        if let Some(vendors) = &self.vendor_is {
            let tests = vendors.all().iter().map(|v| test("vendor", How::Equals(v.to_lowercase()))).collect();
            conditions.push(Condition { tests });
        }
        let mut claims = Vec::new();
        let given = [
            (Attribute::Vendor, &self.vendor),
            (Attribute::Family, &self.family),
            (Attribute::Model, &self.model),
            (Attribute::Category, &self.category),
            (Attribute::Os, &self.os),
        ];
        for (attribute, claim) in given {
            let (value, percent) = match claim {
                None => continue,
                Some(ClaimShape::Value(value)) => (value, self.percent),
                Some(ClaimShape::Weighed { value, percent }) => (value, *percent),
            };
            if !(1..=99).contains(&percent) {
                return Err(CatalogError::entry(
                    file,
                    &self.id,
                    "has a percent that is not from 1 to 99".into(),
                ));
            }
            claims.push(ClaimPart {
                attribute,
                value: Template::new(value),
                weight: f64::from(percent) / 100.0,
            });
        }
        if claims.is_empty() {
            return Err(CatalogError::entry(file, &self.id, "claims nothing".into()));
        }
        Ok(Rule {
            id: self.id.clone(),
            file: file.to_owned(),
            source: self.source.clone(),
            conditions,
            unless: Vec::new(),
            claims,
            software: Vec::new(),
        })
    }
}

fn sourced(file: &str, entry: &str, source: &str) -> Result<(), CatalogError> {
    if source.trim().len() < 4 {
        return Err(CatalogError::entry(file, entry, "does not say where the fact is from (source)".into()));
    }
    Ok(())
}
