//! People and their roles.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use medward_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::accounts::person::{self, Person, Source};
use crate::accounts::{keep, password};
use crate::caller::Caller;
use crate::extract::{Body, Named, at_most, etag, if_match};
use crate::gate::Noted;
use crate::problem::Problems;
use crate::rights::Role;
use crate::{Answer, App, Problem};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(change, remove))
}

/// A person as others may see them.
#[derive(Serialize, ToSchema)]
struct PersonShown {
    name: String,
    display: String,
    role: Role,
    /// null: all sites.
    sites: Option<Vec<String>>,
    disabled: bool,
    /// Signs in with one-time codes too.
    totp: bool,
    must_change_password: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_login: Option<Timestamp>,
    source: Source,
}

fn shown(person: Person) -> PersonShown {
    PersonShown {
        name: person.name,
        display: person.display,
        role: person.role,
        sites: person.sites,
        disabled: person.disabled,
        totp: person.totp.is_some(),
        must_change_password: person.must_change,
        last_login: person.last_login,
        source: person.source,
    }
}

/// Checks a list of sites.
pub fn check_sites(sites: Option<&[String]>) -> Answer<()> {
    let Some(sites) = sites else { return Ok(()) };
    if sites.len() > 1000 {
        return Err(Problem::refused("More than 1000 sites are named.", "Use null for all."));
    }
    for site in sites {
        at_most("sites", site, 100)?;
        if site.is_empty() {
            return Err(Problem::refused("A site has no name.", "Leave it out."));
        }
    }
    Ok(())
}

/// Everybody with an account.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", responses((status = 200, body = Items<PersonShown>), Problems))]
async fn list(State(app): State<App>) -> Answer<Json<Items<PersonShown>>> {
    let all = keep::load_all::<Person>(&*app.store, person::KIND, app.now()).await?;
    Ok(Json(Items::all(all.into_iter().map(|(_, kept)| shown(kept.body)).collect())))
}

/// A new person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9][a-z0-9.@_-]*$")]
    name: String,
    #[serde(default)]
    #[schema(max_length = 100)]
    display: String,
    role: Role,
    /// null: all.
    #[serde(default)]
    sites: Option<Vec<String>>,
}

/// A password for one use.
#[derive(Serialize, ToSchema)]
struct Welcome {
    person: PersonShown,
    /// PersonShown once; must be changed at the first sign-in.
    password: String,
}

/// Makes an account.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = NewPerson, responses((status = 201, body = Welcome), Problems))]
async fn create(State(app): State<App>, Body(sent): Body<NewPerson>) -> Answer<Response> {
    person::check_name(&sent.name)?;
    at_most("display", &sent.display, 100)?;
    check_sites(sent.sites.as_deref())?;
    let word = password::one_time()?;
    let made = Person {
        display: if sent.display.trim().is_empty() { sent.name.clone() } else { sent.display },
        name: sent.name,
        role: sent.role,
        sites: sent.sites,
        password: Some(password::hash(&app, word.clone()).await?),
        must_change: true,
        ..Person::default()
    };
    let noted = serde_json::json!({ "name": made.name, "role": made.role, "sites": made.sites });
    match person::save(&*app.store, &made, 0, app.now()).await {
        Ok(_) => {}
        Err(medward_monitor::StoreError::Conflict { .. }) => {
            return Err(Problem::refused("Somebody has that name already.", "Take another name."));
        }
        Err(other) => return Err(other.into()),
    }
    let welcome = Welcome { person: shown(made), password: word };
    Ok((StatusCode::CREATED, Extension(Noted(noted)), Json(welcome)).into_response())
}

/// What is to be another way; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonChange {
    #[serde(default)]
    #[schema(max_length = 100)]
    display: Option<String>,
    #[serde(default)]
    role: Option<Role>,
    /// null: all sites.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    sites: Option<Option<Vec<String>>>,
    #[serde(default)]
    disabled: Option<bool>,
    /// Gives a new password for one use, and takes one-time codes away.
    #[serde(default)]
    reset: bool,
}

fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<Vec<String>>>, D::Error> {
    Option::<Vec<String>>::deserialize(from).map(Some)
}

/// A person after a change.
#[derive(Serialize, ToSchema)]
struct PersonChanged {
    person: PersonShown,
    /// After a reset: shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    password: Option<String>,
}

/// Changes an account. Every change ends the sessions of the person.
#[utoipa::path(put, path = "/api/v1/people/{name}", tag = "people", params(("name" = String, Path), ("If-Match" = Option<String>, Header)), request_body = PersonChange, responses((status = 200, body = PersonChanged), Problems))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Named(name): Named<String>,
    Body(sent): Body<PersonChange>,
) -> Answer<Response> {
    let expected = if_match(&headers)?;
    let kept = found(&app, &name).await?;
    let (mut person, version) = (kept.body, kept.version);
    if let Some(display) = sent.display {
        at_most("display", &display, 100)?;
        person.display = display;
    }
    if let Some(role) = sent.role {
        person.role = role;
    }
    if let Some(sites) = sent.sites {
        check_sites(sites.as_deref())?;
        person.sites = sites;
    }
    if let Some(disabled) = sent.disabled {
        person.disabled = disabled;
    }
    let mut word = None;
    if sent.reset {
        if person.source == Source::Oidc {
            return Err(Problem::refused(
                "This account signs in at the single sign-on provider.",
                "Reset the password there.",
            ));
        }
        let new = password::one_time()?;
        person.password = Some(password::hash(&app, new.clone()).await?);
        person.must_change = true;
        person.totp = None;
        person.totp_pending = None;
        word = Some(new);
    }
    keep_an_administrator(&app, &person.name, Some(&person)).await?;
    if name != caller.name || sent.reset {
        person.generation = person.generation.saturating_add(1);
    }
    let noted = serde_json::json!({
        "role": person.role, "sites": person.sites, "disabled": person.disabled, "reset": sent.reset,
    });
    let version = person::save(&*app.store, &person, expected.unwrap_or(version), app.now()).await?;
    let changed = PersonChanged { person: shown(person), password: word };
    Ok((Extension(Noted(noted)), etag(version), Json(changed)).into_response())
}

async fn found(app: &App, name: &str) -> Answer<keep::Kept<Person>> {
    let missing = || Problem::missing("person", &name.chars().take(64).collect::<String>());
    person::check_name(name).map_err(|_| missing())?;
    person::load(&*app.store, name, app.now()).await?.ok_or_else(missing)
}

/// Refuses a change after which nobody could manage people any more.
async fn keep_an_administrator(app: &App, name: &str, after: Option<&Person>) -> Answer<()> {
    let able =
        |person: &Person| person.role == Role::Administrator && !person.disabled && person.sites.is_none();
    if after.is_some_and(able) {
        return Ok(());
    }
    let all = keep::load_all::<Person>(&*app.store, person::KIND, app.now()).await?;
    if all.iter().any(|(other, kept)| other != name && able(&kept.body)) {
        return Ok(());
    }
    Err(Problem::refused(
        "This is the last administrator of all sites.",
        "Make somebody else administrator first.",
    ))
}

/// Takes an account away, with its sessions and tokens.
#[utoipa::path(delete, path = "/api/v1/people/{name}", tag = "people", params(("name" = String, Path)), responses((status = 204), Problems))]
async fn remove(State(app): State<App>, caller: Caller, Named(name): Named<String>) -> Answer<StatusCode> {
    found(&app, &name).await?;
    if name == caller.name {
        return Err(Problem::refused(
            "Nobody can take their own account away.",
            "Ask another administrator.",
        ));
    }
    keep_an_administrator(&app, &name, None).await?;
    app.store.delete_document(person::KIND, &name).await?;
    // Should the name be given again, nothing of the one before may hold.
    for (kind, owner) in [(crate::accounts::session::KIND, "person"), (crate::accounts::token::KIND, "owner")]
    {
        for document in app.store.documents(kind, app.now()).await? {
            if document.body.get(owner).and_then(serde_json::Value::as_str) == Some(name.as_str()) {
                app.store.delete_document(kind, &document.id).await?;
            }
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
