//! The resources, one file each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::App;

mod audit;
mod channels;
mod cmms;
mod complete;
mod device;
mod device_history;
mod device_use;
mod devices;
mod events;
mod export;
mod findings;
mod health;
mod identity;
mod integrations;
mod locations;
mod map;
mod missing;
mod overview;
mod people;
mod places;
mod protocols;
mod sensors;
mod session;
mod settings;
mod single_sign_on;
mod tokens;
mod usage;
mod views;

pub use cmms::Unseen;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Items<T> {
    pub items: Vec<T>,
    /// For the next page, as `cursor`; null at the end.
    pub next: Option<String>,
    /// Over all pages, where it is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<u64>,
}

impl<T> Items<T> {
    /// All there is.
    pub fn all(items: Vec<T>) -> Items<T> {
        Items { items, next: None, total: None }
    }
}

impl<T> From<medward_monitor::Page<T>> for Items<T> {
    fn from(page: medward_monitor::Page<T>) -> Items<T> {
        Items { items: page.items, next: page.next, total: None }
    }
}

/// It was done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Done {
    pub done: bool,
}

/// All routes of the interface.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(audit::routes())
        .merge(channels::routes())
        .merge(cmms::routes())
        .merge(device::routes())
        .merge(device_history::routes())
        .merge(device_use::routes())
        .merge(devices::routes())
        .merge(events::routes())
        .merge(export::routes())
        .merge(findings::routes())
        .merge(health::routes())
        .merge(identity::routes())
        .merge(integrations::routes())
        .merge(locations::routes())
        .merge(map::routes())
        .merge(missing::routes())
        .merge(overview::routes())
        .merge(people::routes())
        .merge(places::routes())
        .merge(protocols::routes())
        .merge(sensors::routes())
        .merge(session::routes())
        .merge(settings::routes())
        .merge(single_sign_on::routes())
        .merge(tokens::routes())
        .merge(usage::routes())
        .merge(views::routes())
}
