//! Single sign-on by OpenID Connect: authorisation code with PKCE, state and nonce.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keep;
use crate::rights::Role;
use crate::{Answer, App};

/// Kind and identifier of the document with the settings.
pub const KIND: &str = "settings";
pub const ID: &str = "oidc";

/// Who of the provider's people gets which role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRule {
    /// Name of a claim, such as "groups".
    pub claim: String,
    /// Value that it must have or contain.
    pub value: String,
    pub role: Role,
    /// null: all sites.
    pub sites: Option<Vec<String>>,
}

/// Settings as they are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub enabled: bool,
    pub label: String,
    pub issuer: String,
    pub client_id: String,
    /// Sealed.
    pub secret: Option<String>,
    /// The first that fits counts; who fits none may not come in.
    pub rules: Vec<RoleRule>,
}

/// The settings, where there are any.
pub async fn settings(app: &App) -> Answer<Option<Settings>> {
    Ok(keep::load::<Settings>(&*app.store, KIND, ID, app.now()).await?.map(|kept| kept.body))
}

/// Where the provider sends people back to.
pub fn redirect_url(app: &App) -> String {
    format!("{}/api/v1/session/oidc/callback", app.config.public_address.trim_end_matches('/'))
}
