//! Devices: search, order, facets, what people say.

use std::collections::BTreeMap;

use async_trait::async_trait;
use medward_model::{Attribute, Device, DeviceId, Fused, Scope};
use medward_monitor::{
    AllSaid, Annotation, DeviceList, DeviceRecord, DeviceSummary, Facet, FacetCount, FacetField, Inventory,
    Page, Patch, SortKey, StoreError,
};
use medward_query::Standing;

use super::{Kept, Memory, page};

/// A device as the search sees it.
fn as_device(summary: &DeviceSummary) -> Device {
    let mut attributes = BTreeMap::new();
    for (attribute, value) in [
        (Attribute::Vendor, &summary.vendor),
        (Attribute::Model, &summary.model),
        (Attribute::Serial, &summary.serial),
        (Attribute::Category, &summary.category),
        (Attribute::Os, &summary.os),
    ] {
        if let Some(value) = value {
            let fused =
                Fused { value: value.clone(), confidence: 0.9, evidence: Vec::new(), rejected: Vec::new() };
            attributes.insert(attribute.name(), fused);
        }
    }
    Device {
        id: summary.id.clone(),
        macs: summary.macs.iter().map(|mac| mac.parse().unwrap()).collect(),
        ips: summary.ips.iter().map(|ip| ip.parse().unwrap()).collect(),
        vlans: summary.vlans.clone(),
        hostnames: vec![summary.name.clone()],
        aliases: Vec::new(),
        first_seen: summary.first_seen,
        last_seen: summary.last_seen,
        parent: None,
        scope: match summary.scope.as_str() {
            "external" => Scope::External,
            "multicast" => Scope::Multicast,
            _ => Scope::Internal,
        },
        attributes,
        software: Vec::new(),
        services: Vec::new(),
        remarks: Vec::new(),
        particulars: BTreeMap::new(),
        row: None,
    }
}

fn standing(kept: &Kept, summary: &DeviceSummary) -> Standing {
    let whereabouts = summary.whereabouts.as_ref();
    Standing {
        site: Some(summary.site.clone()),
        tags: summary.tags.clone(),
        owner: summary.owner.clone(),
        position: whereabouts.map(|w| w.position.clone()),
        place: whereabouts.and_then(|w| w.place.clone()),
        belongs: None,
        status: Some(summary.status.name()),
        lifecycle: Some(summary.lifecycle.name()),
        criticality: summary.criticality,
        group: summary.group.clone(),
        medical: summary.medical,
        findings: super::findings::words(kept, &summary.id),
        cves: super::findings::cves(kept, &summary.id),
    }
}

/// The devices of a list, in its order.
pub fn listed(kept: &Kept, list: &DeviceList) -> Vec<DeviceSummary> {
    let mut found: Vec<DeviceSummary> = kept
        .devices
        .values()
        .map(|record| &record.summary)
        .filter(|summary| list.sites.as_ref().is_none_or(|sites| sites.contains(&summary.site)))
        .filter(|summary| list.query.matches_with(&as_device(summary), &standing(kept, summary), list.now))
        .cloned()
        .collect();
    found.sort_by(|a, b| {
        let order = match list.sort.key {
            SortKey::LastSeen => a.last_seen.cmp(&b.last_seen),
            SortKey::FirstSeen => a.first_seen.cmp(&b.first_seen),
            SortKey::Vendor => a.vendor.cmp(&b.vendor),
            SortKey::Model => a.model.cmp(&b.model),
            SortKey::Category => a.category.cmp(&b.category),
            SortKey::Site => a.site.cmp(&b.site),
            SortKey::Criticality => a.criticality.cmp(&b.criticality),
            SortKey::Findings => b.worst_finding.cmp(&a.worst_finding),
            SortKey::Name | SortKey::Location => a.name.cmp(&b.name),
        };
        if list.sort.descending { order.reverse() } else { order }.then_with(|| a.id.cmp(&b.id))
    });
    found
}

/// The values of a facet that a device has.
pub fn values(summary: &DeviceSummary, field: FacetField) -> Vec<String> {
    match field {
        FacetField::Site => vec![summary.site.clone()],
        FacetField::Group => summary.group.iter().cloned().collect(),
        FacetField::Category => summary.category.iter().cloned().collect(),
        FacetField::Vendor => summary.vendor.iter().cloned().collect(),
        FacetField::Model => summary.model.iter().cloned().collect(),
        FacetField::Os => summary.os.iter().cloned().collect(),
        FacetField::Status => vec![summary.status.name().to_owned()],
        FacetField::Scope => vec![summary.scope.clone()],
        FacetField::Vlan => summary.vlans.iter().map(u16::to_string).collect(),
        FacetField::Tag => summary.tags.iter().cloned().collect(),
        FacetField::Owner => summary.owner.iter().cloned().collect(),
        FacetField::Lifecycle => vec![summary.lifecycle.name().to_owned()],
        FacetField::Place => summary.whereabouts.iter().filter_map(|w| w.place.clone()).collect(),
        FacetField::Service => Vec::new(),
    }
}

fn annotate(record: &mut DeviceRecord, patch: &Patch) -> Annotation {
    patch.apply(&mut record.annotation);
    record.summary.tags.clone_from(&record.annotation.tags);
    record.summary.owner.clone_from(&record.annotation.owner);
    record.summary.criticality = record.annotation.criticality;
    record.summary.lifecycle = record.annotation.lifecycle;
    record.summary.version += 1;
    record.annotation.clone()
}

#[async_trait]
impl Inventory for Memory {
    async fn devices(&self, list: &DeviceList) -> Result<Page<DeviceSummary>, StoreError> {
        page(listed(&self.lock(), list), &list.page)
    }

    async fn count(&self, list: &DeviceList) -> Result<u64, StoreError> {
        Ok(listed(&self.lock(), list).len() as u64)
    }

    async fn facets(
        &self,
        list: &DeviceList,
        fields: &[FacetField],
        limit: u32,
    ) -> Result<Vec<Facet>, StoreError> {
        let found = listed(&self.lock(), list);
        Ok(fields
            .iter()
            .map(|field| {
                let (mut counts, mut without) = (BTreeMap::<String, u64>::new(), 0);
                for summary in &found {
                    let values = values(summary, *field);
                    without += u64::from(values.is_empty());
                    for value in values {
                        *counts.entry(value).or_default() += 1;
                    }
                }
                let mut values: Vec<_> =
                    counts.into_iter().map(|(value, count)| FacetCount { value, count }).collect();
                values.sort_by_key(|value| std::cmp::Reverse(value.count));
                values.truncate(limit as usize);
                Facet { field: *field, values, without }
            })
            .collect())
    }

    async fn complete(
        &self,
        field: &str,
        text: &str,
        sites: Option<&[String]>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let kept = self.lock();
        let seen =
            kept.devices.values().filter(|d| sites.is_none_or(|sites| sites.contains(&d.summary.site)));
        let mut found: Vec<String> = seen
            .filter_map(|d| match field {
                "vendor" => d.summary.vendor.clone(),
                "model" => d.summary.model.clone(),
                "category" => d.summary.category.clone(),
                _ => None,
            })
            .filter(|value| value.to_lowercase().contains(&text.to_lowercase()))
            .collect();
        found.sort();
        found.dedup();
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn device(&self, id: &DeviceId) -> Result<Option<DeviceRecord>, StoreError> {
        Ok(self.lock().devices.get(&id.0).cloned())
    }

    async fn summaries(&self, ids: &[DeviceId]) -> Result<Vec<DeviceSummary>, StoreError> {
        let kept = self.lock();
        Ok(ids.iter().filter_map(|id| kept.devices.get(&id.0)).map(|record| record.summary.clone()).collect())
    }

    async fn annotate(
        &self,
        id: &DeviceId,
        patch: &Patch,
        expected: Option<u64>,
    ) -> Result<Annotation, StoreError> {
        let mut kept = self.lock();
        let missing = StoreError::Missing { what: "device", id: id.0.clone() };
        let record = kept.devices.get_mut(&id.0).ok_or(missing)?;
        let found = record.annotation.version;
        match expected {
            Some(expected) if expected != found => Err(StoreError::Conflict { expected, found }),
            _ => Ok(annotate(record, patch)),
        }
    }

    async fn annotate_each(&self, changes: &[(DeviceId, Patch)]) -> Result<u64, StoreError> {
        let mut kept = self.lock();
        let mut changed = 0;
        for (id, patch) in changes {
            if let Some(record) = kept.devices.get_mut(id.0.as_str()) {
                annotate(record, patch);
                changed += 1;
            }
        }
        Ok(changed)
    }

    async fn annotations(&self, ids: &[DeviceId]) -> Result<Vec<(DeviceId, Annotation)>, StoreError> {
        let kept = self.lock();
        let found = ids
            .iter()
            .filter_map(|id| Some((id.clone(), kept.devices.get(id.0.as_str())?.annotation.clone())));
        Ok(found.collect())
    }

    async fn all_annotations(&self, _: Option<u64>) -> Result<Option<AllSaid>, StoreError> {
        let all =
            self.lock().devices.values().map(|d| (d.summary.id.clone(), d.annotation.clone())).collect();
        Ok(Some((0, all)))
    }

    async fn annotate_all(&self, list: &DeviceList, patch: &Patch) -> Result<u64, StoreError> {
        let mut kept = self.lock();
        let found = listed(&kept, list);
        for summary in &found {
            annotate(kept.devices.get_mut(&summary.id.0).unwrap(), patch);
        }
        Ok(found.len() as u64)
    }
}
