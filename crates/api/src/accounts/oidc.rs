//! Single sign-on by OpenID Connect: authorisation code with PKCE, state and nonce.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::identity_token::{self, Expected, Keys};
use super::keep;
use super::person::{self, Person, Source};
use crate::rights::Role;
use crate::{Answer, App, Problem, secrets};

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

/// What the provider says of itself (OpenID Connect Discovery 1.0).
#[derive(Deserialize)]
struct Provider {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// A sign-in that has begun.
#[derive(Serialize, Deserialize)]
struct Flow {
    nonce: String,
    verifier: String,
    /// Fingerprint of the cookie of the browser that began.
    browser: String,
}

const FLOW: &str = "oidc-flow";
/// Seconds for signing in at the provider.
const PATIENCE: i64 = 600;

fn trouble(detail: impl Into<String>) -> Problem {
    Problem::new(
        axum::http::StatusCode::BAD_REQUEST,
        "single-sign-on",
        "Single sign-on failed",
        detail,
        "Try again; if it stays, an administrator can look at its settings, or sign in with a password.",
    )
}

async fn ask<T: serde::de::DeserializeOwned>(app: &App, what: &str, url: &str) -> Answer<T> {
    let headers = vec![("accept".to_owned(), "application/json".to_owned())];
    let reply = app.outgoing.get(url, headers).await.map_err(|error| trouble(format!("{what}: {error}.")))?;
    if reply.status != 200 {
        return Err(trouble(format!("{what}: the provider answered {}.", reply.status)));
    }
    serde_json::from_slice(&reply.body)
        .map_err(|_| trouble(format!("{what}: the provider's answer is unreadable.")))
}

async fn discover(app: &App, settings: &Settings) -> Answer<Provider> {
    let url = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
    let provider: Provider = ask(app, "discovery", &url).await?;
    if provider.issuer.trim_end_matches('/') != settings.issuer.trim_end_matches('/') {
        return Err(trouble("The provider names itself another way than the setting 'issuer'."));
    }
    Ok(provider)
}

/// Asks the provider of the settings what it says of itself, as a sign-in would; answers where it lets people sign in.
pub async fn look(app: &App, settings: &Settings) -> Answer<String> {
    let provider = discover(app, settings).await?;
    for (what, url) in [
        ("authorization_endpoint", &provider.authorization_endpoint),
        ("token_endpoint", &provider.token_endpoint),
        ("jwks_uri", &provider.jwks_uri),
    ] {
        app.outgoing.check_address(url).map_err(|error| trouble(format!("{what}: {error}.")))?;
    }
    let _: Keys = ask(app, "keys", &provider.jwks_uri).await?;
    Ok(provider.authorization_endpoint)
}

async fn enabled(app: &App) -> Answer<Settings> {
    settings(app).await?.filter(|settings| settings.enabled).ok_or_else(|| {
        Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            "not-found",
            "Not set up",
            "Single sign-on is not set up here.",
            "Sign in with name and password.",
        )
    })
}

/// Percent-encodes for addresses and forms.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

/// Begins a sign-in: where to send the browser, and the cookie that binds it.
pub async fn begin(app: &App) -> Answer<(String, String)> {
    let settings = enabled(app).await?;
    let provider = discover(app, &settings).await?;
    app.outgoing
        .check_address(&provider.authorization_endpoint)
        .map_err(|error| trouble(format!("the provider's sign-in page: {error}.")))?;
    let (state, browser) = (secrets::random_text()?, secrets::random_text()?);
    let flow = Flow {
        nonce: secrets::random_text()?,
        verifier: secrets::random_text()?,
        browser: secrets::fingerprint(browser.as_bytes()),
    };
    let now = app.now();
    let id = secrets::fingerprint(state.as_bytes());
    keep::save(&*app.store, FLOW, &id, &flow, Some(0), Some(now.plus_seconds(PATIENCE)), now).await?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(flow.verifier.as_bytes()));
    let query = form(&[
        ("response_type", "code"),
        ("client_id", &settings.client_id),
        ("redirect_uri", &redirect_url(app)),
        ("scope", "openid profile email"),
        ("state", &state),
        ("nonce", &flow.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let joint = if provider.authorization_endpoint.contains('?') { '&' } else { '?' };
    Ok((format!("{}{joint}{query}", provider.authorization_endpoint), browser))
}

#[derive(Deserialize)]
struct Granted {
    id_token: String,
}

/// Ends a sign-in: the person that the provider vouches for, with the role that the rules give.
pub async fn finish(app: &App, state: &str, code: &str, browser: &str) -> Answer<Person> {
    let settings = enabled(app).await?;
    let now = app.now();
    let id = secrets::fingerprint(state.as_bytes());
    let flow = keep::load::<Flow>(&*app.store, FLOW, &id, now).await?;
    let Some(flow) = flow.map(|kept| kept.body) else {
        return Err(trouble(
            "This sign-in was not begun here, was used before, or took longer than ten minutes.",
        ));
    };
    if !secrets::same(&flow.browser, &secrets::fingerprint(browser.as_bytes())) {
        return Err(trouble("This sign-in was begun by another browser."));
    }
    // Once only, whoever asks first.
    if !app.store.delete_document(FLOW, &id).await? {
        return Err(trouble("This sign-in was used before."));
    }
    let provider = discover(app, &settings).await?;
    let claims = redeem(app, &settings, &provider, &flow, code).await?;
    let Some(rule) = settings.rules.iter().find(|rule| fits(rule, &claims)) else {
        return Err(Problem::forbidden(
            "The provider knows you, but no rule here gives you a role.",
            "Ask an administrator to add a rule to the settings of single sign-on.",
        ));
    };
    let subject =
        format!("{} {}", provider.issuer, claims.get("sub").and_then(Value::as_str).unwrap_or_default());
    enter(app, &claims, subject, rule).await
}

async fn redeem(
    app: &App,
    settings: &Settings,
    provider: &Provider,
    flow: &Flow,
    code: &str,
) -> Answer<Value> {
    let redirect = redirect_url(app);
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect.as_str()),
        ("code_verifier", flow.verifier.as_str()),
        ("client_id", settings.client_id.as_str()),
    ];
    let mut headers = vec![
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ("accept".to_owned(), "application/json".to_owned()),
    ];
    let secret = settings.secret.as_ref().map(|sealed| app.vault.open("oidc", sealed)).transpose()?;
    if let Some(secret) = &secret {
        let methods = &provider.token_endpoint_auth_methods_supported;
        let by_post = methods.iter().any(|m| m == "client_secret_post");
        if by_post && !methods.iter().any(|m| m == "client_secret_basic") {
            fields.push(("client_secret", secret));
        } else {
            let pair = format!("{}:{}", encoded(&settings.client_id), encoded(secret));
            headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
        }
    }
    let reply = app
        .outgoing
        .post(&provider.token_endpoint, headers, form(&fields).into_bytes())
        .await
        .map_err(|error| trouble(format!("redeeming the code: {error}.")))?;
    if reply.status != 200 {
        return Err(trouble(format!("The provider did not take the code (it answered {}).", reply.status)));
    }
    let granted: Granted =
        serde_json::from_slice(&reply.body).map_err(|_| trouble("The provider gave no ID token."))?;
    let keys: Keys = ask(app, "keys", &provider.jwks_uri).await?;
    let expected = Expected {
        issuer: &provider.issuer,
        client_id: &settings.client_id,
        nonce: &flow.nonce,
        now: app.now(),
    };
    identity_token::check(&granted.id_token, &keys, &expected)
        .map_err(|why| trouble(format!("Refused: {why}.")))
}

fn fits(rule: &RoleRule, claims: &Value) -> bool {
    match claims.get(&rule.claim) {
        Some(Value::String(one)) => *one == rule.value,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(rule.value.as_str())),
        Some(Value::Bool(one)) => one.to_string() == rule.value,
        _ => false,
    }
}

/// The account of a subject: found by it, or made; its role is what the rule says now.
async fn enter(app: &App, claims: &Value, subject: String, rule: &RoleRule) -> Answer<Person> {
    let now = app.now();
    let all = keep::load_all::<Person>(&*app.store, person::KIND, now).await?;
    let known = all.iter().find(|(_, kept)| kept.body.subject.as_deref() == Some(subject.as_str()));
    let (mut found, version) = match known {
        Some((_, kept)) => (kept.body.clone(), kept.version),
        None => {
            let text = |name: &str| claims.get(name).and_then(Value::as_str);
            let wanted = text("preferred_username")
                .or_else(|| text("email"))
                .or_else(|| text("sub"))
                .unwrap_or("person");
            let mut name: String = wanted
                .to_lowercase()
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || ".-_@".contains(*c))
                .skip_while(|c| !c.is_ascii_alphanumeric())
                .take(48)
                .collect();
            // A name that is taken, by a local account above all, is never taken over.
            if person::check_name(&name).is_err() || all.iter().any(|(other, _)| *other == name) {
                let print = secrets::fingerprint(subject.as_bytes());
                name = format!(
                    "{}-{}",
                    if name.is_empty() { "person" } else { &name },
                    print.get(..8).unwrap_or("x")
                );
            }
            let display =
                text("name").unwrap_or(wanted).chars().filter(|c| !c.is_control()).take(100).collect();
            let made =
                Person { name, display, source: Source::Oidc, subject: Some(subject), ..Person::default() };
            (made, 0)
        }
    };
    if found.disabled {
        return Err(Problem::forbidden("This account is disabled.", "Ask an administrator."));
    }
    if found.role != rule.role || found.sites != rule.sites {
        found.role = rule.role;
        found.sites.clone_from(&rule.sites);
        found.generation = found.generation.saturating_add(1);
    }
    found.last_login = Some(now);
    person::save(&*app.store, &found, version, now).await?;
    Ok(found)
}
