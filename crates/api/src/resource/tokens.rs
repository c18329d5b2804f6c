//! API tokens: one's own; an administrator sees and ends all.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use medward_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::accounts::keep;
use crate::accounts::token::{self, Token};
use crate::caller::Caller;
use crate::extract::{Body, Named, at_most};
use crate::gate::Noted;
use crate::problem::Problems;
use crate::rights::{Permission, Role};
use crate::{Answer, App, Problem};

/// Longest life of a token, in days.
const LONGEST: i64 = 366;
/// Tokens of one person.
const MOST: usize = 100;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(remove))
}

/// A token without its secret.
#[derive(Serialize, ToSchema)]
struct TokenShown {
    id: String,
    name: String,
    owner: String,
    role: Role,
    sites: Option<Vec<String>>,
    /// Empty: all permissions of the role.
    scopes: Vec<Permission>,
    #[schema(value_type = String, format = DateTime)]
    expires: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used: Option<Timestamp>,
}

fn shown(token: Token) -> TokenShown {
    TokenShown {
        id: token.id,
        name: token.name,
        owner: token.owner,
        role: token.role,
        sites: token.sites,
        scopes: token.scopes,
        expires: token.expires,
        last_used: token.last_used,
    }
}

fn sees(caller: &Caller, token: &Token) -> bool {
    token.owner == caller.name || (caller.may(Permission::PeopleManage) && caller.sites.is_none())
}

/// Tokens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", responses((status = 200, body = Items<TokenShown>), Problems))]
async fn list(State(app): State<App>, caller: Caller) -> Answer<Json<Items<TokenShown>>> {
    let all = keep::load_all::<Token>(&*app.store, token::KIND, app.now()).await?;
    let own = all.into_iter().map(|(_, kept)| kept.body).filter(|token| sees(&caller, token));
    Ok(Json(Items::all(own.map(shown).collect())))
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    role: Role,
    /// null: all that you see.
    #[serde(default)]
    sites: Option<Vec<String>>,
    /// Empty: all permissions of the role.
    #[serde(default)]
    #[schema(max_items = 16)]
    scopes: Vec<Permission>,
    /// At most 366 days ahead; 90 days without.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Timestamp>,
}

/// A token with its secret.
#[derive(Serialize, ToSchema)]
struct Minted {
    /// TokenShown once.
    token: String,
    #[serde(flatten)]
    shown: TokenShown,
}

/// Makes a token that can do no more than its maker.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = NewToken, responses((status = 201, body = Minted), Problems))]
async fn create(State(app): State<App>, caller: Caller, Body(sent): Body<NewToken>) -> Answer<Response> {
    at_most("name", &sent.name, 100)?;
    if sent.name.trim().is_empty() {
        return Err(Problem::refused("The token has no name.", "Say what it is for."));
    }
    super::people::check_sites(sent.sites.as_deref())?;
    let now = app.now();
    let expires = sent.expires.unwrap_or_else(|| now.plus_seconds(90 * 86_400));
    if expires <= now || expires.seconds_since(now) > LONGEST * 86_400 {
        return Err(Problem::refused(
            "'expires' is not within the next 366 days.",
            "Take an earlier day, and renew it.",
        ));
    }
    let asked = if sent.scopes.is_empty() { sent.role.permissions() } else { &sent.scopes };
    if let Some(over) = asked.iter().find(|permission| !caller.may(**permission)) {
        return Err(Problem::refused(
            format!("You do not have the permission {} yourself.", over.name()),
            "Take a role or scopes that are within your own.",
        ));
    }
    let sites = match (&sent.sites, &caller.sites) {
        (None, own) => own.clone(),
        (Some(sites), _) if caller.covers(Some(sites)) => Some(sites.clone()),
        _ => {
            return Err(Problem::refused(
                "You do not see all of these sites yourself.",
                "Name only your own.",
            ));
        }
    };
    let all = keep::load_all::<Token>(&*app.store, token::KIND, now).await?;
    if all.iter().filter(|(_, kept)| kept.body.owner == caller.name).count() >= MOST {
        return Err(Problem::refused("You have 100 tokens.", "Take one away first."));
    }
    let (id, text, hash) = token::mint()?;
    let made = Token {
        id,
        name: sent.name,
        owner: caller.name,
        role: sent.role,
        sites,
        scopes: sent.scopes,
        expires,
        last_used: None,
        hash,
    };
    keep::save(&*app.store, token::KIND, &made.id, &made, Some(0), Some(expires), now).await?;
    let noted =
        serde_json::json!({ "id": made.id, "name": made.name, "role": made.role, "scopes": made.scopes });
    let minted = Minted { token: text, shown: shown(made) };
    Ok((StatusCode::CREATED, Extension(Noted(noted)), Json(minted)).into_response())
}

/// Ends a token.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", params(("id" = String, Path)), responses((status = 204), Problems))]
async fn remove(State(app): State<App>, caller: Caller, Named(id): Named<String>) -> Answer<StatusCode> {
    let missing = || Problem::missing("token", &id.chars().take(64).collect::<String>());
    if id.len() != 16 {
        return Err(missing());
    }
    let kept = keep::load::<Token>(&*app.store, token::KIND, &id, app.now()).await?.ok_or_else(missing)?;
    if !sees(&caller, &kept.body) {
        return Err(missing());
    }
    app.store.delete_document(token::KIND, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
