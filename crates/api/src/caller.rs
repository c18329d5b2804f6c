//! Who asks: found from a session's cookie or a token, and what they may do and see.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::accounts::{person, session, token};
use crate::rights::{Need, Permission, Role};
use crate::{Answer, App, Problem};

/// How somebody showed who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    Session { id: String, csrf: String },
    Token { id: String },
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Name of the person; of a token, that of its owner.
    pub name: String,
    /// As in the audit trail: the name, or "token <name> of <owner>".
    pub shown: String,
    pub role: Role,
    /// `None`: all sites.
    pub sites: Option<Vec<String>>,
    pub permissions: Vec<Permission>,
    pub via: Via,
    /// Must take another password before anything else.
    pub must_change: bool,
}

impl Caller {
    /// Whether it is allowed.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Whether the caller sees that site.
    pub fn sees(&self, site: &str) -> bool {
        self.sites.as_ref().is_none_or(|sites| sites.iter().any(|own| own == site))
    }

    /// Whether the caller may give rights at these sites away.
    pub fn covers(&self, sites: Option<&[String]>) -> bool {
        match (&self.sites, sites) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(_), Some(sites)) => sites.iter().all(|site| self.sees(site)),
        }
    }

    /// The sites to ask the store for: those of the caller, narrowed to one where it was asked for. A site that the
    /// caller does not see gives an empty list.
    pub fn narrow(&self, site: Option<&str>) -> Option<Vec<String>> {
        match (site, &self.sites) {
            (None, sites) => sites.clone(),
            (Some(site), _) if self.sees(site) => Some(vec![site.to_owned()]),
            (Some(_), _) => Some(Vec::new()),
        }
    }

    /// Whether the need of a route is met.
    pub fn meets(&self, need: Need) -> bool {
        match need {
            Need::Nothing | Need::SignedIn => true,
            Need::May(permission) | Need::LocalOr(permission) => self.may(permission),
            Need::MayEverywhere(permission) => self.may(permission) && self.sites.is_none(),
        }
    }
}

/// Finds out who asks. `None`: nobody who is known.
pub async fn find(app: &App, headers: &HeaderMap) -> Answer<Option<Caller>> {
    let now = app.now();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let Some((scheme, text)) = text.split_once(' ') else { return Ok(None) };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Ok(None);
        }
        let Some(token) = token::find(&*app.store, text.trim(), now).await? else { return Ok(None) };
        let Some(owner) = person::load(&*app.store, &token.owner, now).await? else { return Ok(None) };
        let owner = owner.body;
        if owner.disabled || owner.must_change {
            return Ok(None);
        }
        let permissions = token
            .role
            .permissions()
            .iter()
            .copied()
            .filter(|permission| token.scopes.is_empty() || token.scopes.contains(permission))
            .filter(|permission| owner.role.may(*permission) && !permission.is_for_people_only())
            .collect();
        let sites = match (token.sites, owner.sites) {
            (None, sites) | (sites, None) => sites,
            (Some(own), Some(of_owner)) => {
                Some(own.into_iter().filter(|site| of_owner.contains(site)).collect())
            }
        };
        return Ok(Some(Caller {
            shown: format!("token {} of {}", token.name, owner.name),
            name: owner.name,
            role: token.role,
            sites,
            permissions,
            via: Via::Token { id: token.id },
            must_change: false,
        }));
    }
    let Some(cookie) = cookie(headers, session::cookie_name(app.config.tls)) else { return Ok(None) };
    let Some((id, kept)) = session::find(&*app.store, cookie, now).await? else { return Ok(None) };
    let Some(person) = person::load(&*app.store, &kept.body.person, now).await? else { return Ok(None) };
    let person = person.body;
    if person.disabled || person.generation != kept.body.generation {
        return Ok(None);
    }
    let permissions = if person.must_change { Vec::new() } else { person.role.permissions().to_vec() };
    Ok(Some(Caller {
        shown: person.name.clone(),
        name: person.name,
        role: person.role,
        sites: person.sites,
        permissions,
        via: Via::Session { id, csrf: kept.body.csrf },
        must_change: person.must_change,
    }))
}

/// The value of a cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Caller, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::signed_out)
    }
}

/// Who asks, where it may be nobody.
pub struct Perhaps(pub Option<Caller>);

impl FromRequestParts<App> for Perhaps {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Perhaps, Problem> {
        Ok(Perhaps(parts.extensions.get::<Caller>().cloned()))
    }
}
