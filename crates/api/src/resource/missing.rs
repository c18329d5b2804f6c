//! What is missing, and what is at stake with it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use medward_model::{DeviceId, Timestamp};
use medward_monitor::{Annotation, DeviceSummary, PageRequest, UseGroup, UseList, Whereabouts, worth};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::problem::Problems;
use crate::rights::Permission;
use crate::{Answer, App, find, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Devices that are summed up.
const MOST: usize = 10_000;
/// Devices that are told one by one.
const TOLD: usize = 100;
/// A use longer ago is not looked for.
const USED_DAYS: i64 = 400;

/// An amount in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sum {
    /// Sign or code; empty where nobody said which.
    pub currency: String,
    pub amount: u64,
    /// So many devices' values are in it.
    pub devices: u64,
}

/// What is at stake with several devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stakes {
    pub devices: u64,
    /// Life depends on so many of them.
    pub life_supporting: u64,
    /// By currency, the largest first.
    pub worth: Vec<Sum>,
    /// Of so many nobody said the value.
    pub without_value: u64,
}

/// A device that is missing, with what people said of it.
pub struct Gone {
    pub summary: DeviceSummary,
    pub said: Annotation,
}

impl Gone {
    fn is_life_supporting(&self) -> bool {
        self.summary.life_supporting.as_deref() == Some("yes")
    }
}

impl Stakes {
    /// Sums up.
    pub fn of<'a>(gone: impl IntoIterator<Item = &'a Gone>) -> Stakes {
        let mut stakes = Stakes::default();
        let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
        for one in gone {
            stakes.devices += 1;
            stakes.life_supporting += u64::from(one.is_life_supporting());
            let Some(value) = one.said.value else {
                stakes.without_value += 1;
                continue;
            };
            let currency = one.said.currency.as_deref().unwrap_or_default();
            let sum = sums.entry(currency).or_insert_with(|| Sum {
                currency: currency.to_owned(),
                amount: 0,
                devices: 0,
            });
            sum.amount = sum.amount.saturating_add(value);
            sum.devices += 1;
        }
        stakes.worth = sums.into_values().collect();
        stakes.worth.sort_by_key(|sum| std::cmp::Reverse(sum.amount));
        stakes
    }

    /// What is at stake in words, to follow "3 devices are missing": "; life depends on 1; worth 12,500 EUR at least".
    pub fn words(&self) -> String {
        let mut words = String::new();
        match (self.life_supporting, self.devices) {
            (0, _) => {}
            (1, 1) => words.push_str("; life depends on it"),
            (count, _) => words.push_str(&format!("; life depends on {count}")),
        }
        if !self.worth.is_empty() {
            let sums: Vec<String> =
                self.worth.iter().map(|sum| worth(sum.amount, Some(&sum.currency))).collect();
            words.push_str(&format!("; worth {}", sums.join(" and ")));
            if self.without_value > 0 {
                words.push_str(" at least");
            }
        }
        words
    }
}

/// Everything that is missing of what a caller sees: what life depends on first, then by criticality, value and time.
pub async fn gone(app: &App, caller: &Caller) -> Answer<Vec<Gone>> {
    let mut list = find::devices(app, caller, Some("is:missing"), PageRequest::first(1000))?;
    let mut all = Vec::new();
    loop {
        let page = app.store.devices(&list).await?;
        let ids: Vec<DeviceId> = page.items.iter().map(|device| device.id.clone()).collect();
        let mut said: BTreeMap<DeviceId, Annotation> =
            app.store.annotations(&ids).await?.into_iter().collect();
        all.extend(page.items.into_iter().map(|summary| {
            let said = said.remove(&summary.id).unwrap_or_default();
            Gone { summary, said }
        }));
        match page.next {
            Some(next) if all.len() < MOST => list.page.cursor = Some(next),
            _ => break,
        }
    }
    all.sort_by_cached_key(|one| {
        std::cmp::Reverse((
            one.is_life_supporting(),
            one.said.criticality,
            one.said.value,
            one.summary.last_seen,
            std::cmp::Reverse(one.summary.id.clone()),
        ))
    });
    Ok(all)
}

/// A device that is missing, with what is at stake.
#[derive(Serialize, ToSchema)]
#[schema(as = MissingDevice)]
struct Told {
    #[schema(value_type = schema::DeviceSummary)]
    device: DeviceSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    value: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    currency: Option<String>,
    /// When it last was used in care; absent where that is not known, or not for you.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    last_used: Option<Timestamp>,
    /// Where it was before it was where it was seen last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Whereabouts>, nullable = false)]
    before: Option<Whereabouts>,
}

/// What is missing, and what is at stake.
#[derive(Serialize, ToSchema)]
struct Missing {
    devices: u64,
    /// Life depends on so many of them.
    life_supporting: u64,
    /// By currency, the largest first.
    worth: Vec<Sum>,
    /// Of so many nobody said the value.
    without_value: u64,
    /// In plain words.
    words: String,
    /// At most a hundred: what life depends on first, then by criticality and value.
    items: Vec<Told>,
}

/// What is missing: with its value, its last place and its last use.
#[utoipa::path(get, path = "/api/v1/missing", tag = "devices", responses((status = 200, body = Missing), Problems))]
async fn list(State(app): State<App>, caller: Caller) -> Answer<Json<Missing>> {
    let gone = gone(&app, &caller).await?;
    let stakes = Stakes::of(&gone);
    let used = match caller.may(Permission::UsageRead) && !gone.is_empty() {
        true => used(&app, &caller).await?,
        false => BTreeMap::new(),
    };
    let mut items = Vec::new();
    for Gone { summary, said } in gone.into_iter().take(TOLD) {
        let here = summary.whereabouts.as_ref().map(|whereabouts| &whereabouts.position);
        let stays = app.store.stays(&summary.id).await?;
        let before = stays.into_iter().map(|stay| stay.whereabouts).find(|stay| Some(&stay.position) != here);
        items.push(Told {
            value: said.value,
            currency: said.value.and(said.currency),
            last_used: used.get(&summary.id.0).copied(),
            before,
            device: summary,
        });
    }
    let words = match stakes.devices {
        0 => "Nothing is missing.".to_owned(),
        1 => format!("One device is missing{}.", stakes.words()),
        count => format!("{count} devices are missing{}.", stakes.words()),
    };
    let Stakes { devices, life_supporting, worth, without_value } = stakes;
    Ok(Json(Missing { devices, life_supporting, worth, without_value, words, items }))
}

/// When what is missing last was used in care, as far as it was of late.
async fn used(app: &App, caller: &Caller) -> Answer<BTreeMap<String, Timestamp>> {
    let now = app.now();
    let list = UseList {
        devices: find::devices(app, caller, Some("is:missing"), PageRequest::first(1000))?,
        group: UseGroup::Device,
        from: now.plus_seconds(-USED_DAYS * 86_400),
        until: now,
        least_first: false,
    };
    let rows = app.store.usage(&list).await?.items;
    Ok(rows.into_iter().filter_map(|row| Some((row.key, row.last_used?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(life: bool, value: Option<u64>, currency: &str) -> Gone {
        Gone {
            summary: DeviceSummary {
                life_supporting: Some(if life { "yes" } else { "no" }.to_owned()),
                ..DeviceSummary::default()
            },
            said: Annotation {
                value,
                currency: (!currency.is_empty()).then(|| currency.to_owned()),
                ..Annotation::default()
            },
        }
    }

    #[test]
    fn what_is_at_stake_is_summed_up_by_currency() {
        let all = [gone(true, Some(1500), "EUR"), gone(false, Some(9000), "CHF"), gone(false, None, "")];
        let stakes = Stakes::of(&all);
        assert_eq!((stakes.devices, stakes.life_supporting, stakes.without_value), (3, 1, 1));
        assert_eq!(stakes.words(), "; life depends on 1; worth 9,000 CHF and 1,500 EUR at least");
        assert_eq!(Stakes::of(&all[..1]).words(), "; life depends on it; worth 1,500 EUR");
        assert_eq!(Stakes::of([]).words(), "");
    }
}
