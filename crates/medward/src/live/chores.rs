//! What is done now and then: places and exceptions read from what people wrote, old things removed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use medward_model::DeviceId;
use medward_monitor::{
    DeviceList, PageRequest, PlaceRule, PlaceRules, Retention, Said, Sort, Store, StoreError,
};
use medward_query::Query;
use serde_json::Value;

use super::core::{Core, Orders};
use super::observe::clock;

/// How often people's orders are read again.
const ORDERS_EVERY: Duration = Duration::from_secs(5);
/// How often old things are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// Places above a place, at most.
const DEPTH: usize = 16;
/// Devices with a life cycle or maintenance that excuses their silence, at most.
const EXCUSED: usize = 100_000;

/// What people said is read anew after so many looks, whatever the store tells of changes.
const ANEW: u32 = 60;

/// Does all chores until it is dropped.
pub async fn forever(store: Arc<dyn Store>, core: Core) {
    let mut said = Heeded::default();
    let mut orders = tokio::time::interval(ORDERS_EVERY);
    let mut prune = tokio::time::interval(PRUNE_EVERY);
    loop {
        tokio::select! {
            _ = orders.tick() => match read_orders(&*store, &mut said).await {
                Ok(orders) => core.order(orders),
                Err(error) => tracing::warn!("places could not be read: {error}"),
            },
            _ = prune.tick() => if let Err(error) = tidy_up(&*store).await {
                tracing::warn!("old records could not be removed: {error}");
            },
        }
    }
}

async fn tidy_up(store: &dyn Store) -> Result<(), StoreError> {
    let now = clock();
    store.expire_documents(now).await?;
    let keep = match store.document("settings", "retention", now).await? {
        Some(document) => serde_json::from_value(document.body).unwrap_or_default(),
        None => Retention::default(),
    };
    let pruned = store.prune(&keep, now).await?;
    let rows: u64 = pruned.rows.values().sum();
    if rows > 0 {
        tracing::info!("{rows} old records removed");
    }
    Ok(())
}

/// What people said of devices that weighs, as it was read last.
#[derive(Default)]
struct Heeded {
    mark: Option<u64>,
    looks: u32,
    said: Arc<BTreeMap<DeviceId, Said>>,
}

impl Heeded {
    async fn look(&mut self, store: &dyn Store) -> Result<Arc<BTreeMap<DeviceId, Said>>, StoreError> {
        self.looks = (self.looks + 1) % ANEW;
        let mark = self.mark.filter(|_| self.looks != 0);
        if let Some((mark, all)) = store.all_annotations(mark).await? {
            let said = all.into_iter().filter_map(|(id, annotation)| Some((id, Said::of(&annotation)?)));
            (self.mark, self.said) = (Some(mark), Arc::new(said.collect()));
        }
        Ok(Arc::clone(&self.said))
    }
}

async fn read_orders(store: &dyn Store, heeded: &mut Heeded) -> Result<Orders, StoreError> {
    let places = store.documents("place", clock()).await?;
    let bodies: BTreeMap<&str, &Value> = places.iter().map(|d| (d.id.as_str(), &d.body)).collect();
    let text = |body: &Value, name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let path = |id: &str| {
        let mut names = Vec::new();
        let mut at = Some(id.to_owned());
        while let Some(body) = at.as_deref().and_then(|id| bodies.get(id)) {
            names.extend(text(body, "name"));
            at = text(body, "parent").filter(|_| names.len() < DEPTH);
        }
        names.reverse();
        names.join(" / ")
    };
    let mut rules = Vec::new();
    for place in &places {
        let told = place.body.get("rules").cloned().unwrap_or_default();
        let told: Vec<PlaceRule> = serde_json::from_value(told).unwrap_or_default();
        let told: Vec<PlaceRule> = told.into_iter().filter(|rule| rule.fault().is_none()).collect();
        if !told.is_empty() {
            rules.push(PlaceRules { place: place.id.clone(), path: path(&place.id), rules: told });
        }
    }
    Ok(Orders { places: rules, excused: excused(store).await?, said: heeded.look(store).await? })
}

/// Devices that people took out of service or work on now.
async fn excused(store: &dyn Store) -> Result<BTreeSet<DeviceId>, StoreError> {
    let words = "lifecycle:stored or lifecycle:retired or lifecycle:ordered or tag:maintenance";
    let Ok(query) = Query::parse(words) else { return Ok(BTreeSet::new()) };
    let mut list = DeviceList {
        query,
        sites: None,
        now: clock(),
        sort: Sort::default(),
        page: PageRequest::first(1000),
    };
    let mut all = BTreeSet::new();
    loop {
        let page = store.devices(&list).await?;
        all.extend(page.items.into_iter().map(|device| device.id));
        match page.next {
            Some(next) if all.len() < EXCUSED => list.page.cursor = Some(next),
            _ => return Ok(all),
        }
    }
}
