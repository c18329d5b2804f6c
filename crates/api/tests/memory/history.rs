//! What happened.

use std::collections::BTreeMap;

use async_trait::async_trait;
use medward_model::{DeviceId, Timestamp};
use medward_monitor::{
    AttributeChange, BucketSize, ConversationList, ConversationRow, Coverage, Direction, Event, EventList,
    FacetField, History, Link, LinkList, NodeGroup, Page, PageRequest, SensorState, Status, Stay, StoreError,
    UseBucket, UseGroup, UseList, UseRow, VolumePoint,
};

use super::inventory::{listed, values};
use super::{Kept, Memory, page};

fn site_of<'k>(kept: &'k Kept, id: &str) -> &'k str {
    kept.devices.get(id).map_or("", |record| record.summary.site.as_str())
}

fn seen(kept: &Kept, sites: Option<&[String]>, row: &ConversationRow) -> bool {
    let ends = [&row.conversation.originator.0, &row.conversation.responder.0];
    sites.is_none_or(|sites| ends.iter().any(|id| sites.iter().any(|site| site == site_of(kept, id))))
}

fn facet_of(group: NodeGroup) -> Option<FacetField> {
    match group {
        NodeGroup::Device => None,
        NodeGroup::Category => Some(FacetField::Category),
        NodeGroup::Group => Some(FacetField::Group),
        NodeGroup::Site => Some(FacetField::Site),
        NodeGroup::Vlan => Some(FacetField::Vlan),
        NodeGroup::Vendor => Some(FacetField::Vendor),
        NodeGroup::Place => Some(FacetField::Place),
    }
}

#[async_trait]
impl History for Memory {
    async fn conversations(&self, list: &ConversationList) -> Result<Page<ConversationRow>, StoreError> {
        let kept = self.lock();
        let mut rows: Vec<ConversationRow> = kept
            .conversations
            .iter()
            .filter(|row| seen(&kept, list.sites.as_deref(), row))
            .filter(|row| {
                let c = &row.conversation;
                list.device.as_ref().is_none_or(|id| match list.direction {
                    Direction::Originated => c.originator == *id,
                    Direction::Answered => c.responder == *id,
                    Direction::Either => c.originator == *id || c.responder == *id,
                })
            })
            .filter(|row| {
                list.protocol.as_ref().is_none_or(|protocol| row.conversation.protocol == *protocol)
            })
            .filter(|row| list.since.is_none_or(|since| row.conversation.last_seen >= since))
            .cloned()
            .collect();
        if list.by_volume {
            rows.sort_by_key(|row| std::cmp::Reverse(row.conversation.bytes));
        } else {
            rows.sort_by_key(|row| std::cmp::Reverse(row.conversation.last_seen));
        }
        page(rows, &list.page)
    }

    async fn links(&self, list: &LinkList) -> Result<Vec<Link>, StoreError> {
        let kept = self.lock();
        let inside = listed(&kept, &list.devices);
        let name = |id: &DeviceId| match facet_of(list.group) {
            None => id.0.clone(),
            Some(field) => kept
                .devices
                .get(&id.0)
                .and_then(|record| values(&record.summary, field).into_iter().next())
                .unwrap_or_default(),
        };
        let mut links: BTreeMap<(String, String), Link> = BTreeMap::new();
        for row in &kept.conversations {
            let c = &row.conversation;
            if !inside.iter().any(|device| device.id == c.originator || device.id == c.responder) {
                continue;
            }
            let (from, to) = (name(&c.originator), name(&c.responder));
            let link = links.entry((from.clone(), to.clone())).or_insert_with(|| Link {
                from,
                to,
                conversations: 0,
                flows: 0,
                bytes: 0,
                protocols: Vec::new(),
                last_seen: c.last_seen,
            });
            link.conversations += 1;
            link.flows += c.flows;
            link.bytes += c.bytes;
            link.protocols.push(c.protocol.clone());
        }
        let mut links: Vec<Link> = links.into_values().collect();
        links.sort_by_key(|link| std::cmp::Reverse(link.bytes));
        links.truncate(list.limit as usize);
        Ok(links)
    }

    async fn volume(
        &self,
        device: Option<&DeviceId>,
        sites: Option<&[String]>,
        from: Timestamp,
        until: Timestamp,
        _: BucketSize,
    ) -> Result<Vec<VolumePoint>, StoreError> {
        let kept = self.lock();
        let mut points: BTreeMap<Timestamp, VolumePoint> = BTreeMap::new();
        for row in &kept.conversations {
            let c = &row.conversation;
            let about = device.is_none_or(|id| c.originator == *id || c.responder == *id);
            if about && c.last_seen >= from && c.last_seen < until && seen(&kept, sites, row) {
                let at = Timestamp::from_parts(c.last_seen.as_seconds() / 3600 * 3600, 0);
                let point = points.entry(at).or_insert(VolumePoint { at, flows: 0, packets: 0, bytes: 0 });
                point.flows += c.flows;
                point.packets += c.packets;
                point.bytes += c.bytes;
            }
        }
        Ok(points.into_values().collect())
    }

    async fn activity(
        &self,
        device: &DeviceId,
        from: Timestamp,
        until: Timestamp,
        _: BucketSize,
    ) -> Result<Vec<UseBucket>, StoreError> {
        let kept = self.lock();
        let fits = kept.activity.iter().filter(|(id, b)| *id == device.0 && b.at >= from && b.at < until);
        Ok(fits.map(|(_, bucket)| bucket.clone()).collect())
    }

    async fn usage(&self, list: &UseList) -> Result<Page<UseRow>, StoreError> {
        let kept = self.lock();
        let first = PageRequest::first(1000);
        let inside = listed(&kept, &medward_monitor::DeviceList { page: first, ..list.devices.clone() });
        let mut rows: BTreeMap<String, UseRow> = BTreeMap::new();
        for device in inside {
            let key = match list.group {
                UseGroup::Device => device.id.0.clone(),
                UseGroup::Category => device.category.clone().unwrap_or_default(),
                UseGroup::Site => device.site.clone(),
                UseGroup::Place => {
                    device.whereabouts.as_ref().and_then(|w| w.place.clone()).unwrap_or_default()
                }
                UseGroup::Vendor => device.vendor.clone().unwrap_or_default(),
            };
            let row = rows.entry(key.clone()).or_insert_with(|| UseRow {
                label: key.clone(),
                key,
                devices: 0,
                used: 0,
                actions: 0,
                hours: 0,
                days: 0,
                last_used: None,
                week: vec![0; 168],
            });
            row.devices += 1;
            let used: Vec<_> =
                kept.activity.iter().filter(|(id, bucket)| *id == device.id.0 && bucket.clinical).collect();
            row.used += u64::from(!used.is_empty());
            row.hours += used.len() as u64;
            row.actions += used.iter().map(|(_, bucket)| bucket.count).sum::<u64>();
            row.last_used = row.last_used.max(used.iter().map(|(_, bucket)| bucket.at).max());
        }
        let mut rows: Vec<UseRow> = rows.into_values().collect();
        rows.sort_by_key(|row| row.hours);
        if !list.least_first {
            rows.reverse();
        }
        page(rows, &list.devices.page)
    }

    async fn attributes(&self, device: &DeviceId) -> Result<Vec<AttributeChange>, StoreError> {
        Ok(self.lock().history.iter().filter(|change| change.device == *device).cloned().collect())
    }

    async fn stays(&self, device: &DeviceId) -> Result<Vec<Stay>, StoreError> {
        Ok(self.lock().stays.iter().filter(|stay| stay.device == *device).cloned().collect())
    }

    async fn visitors(&self, place: &str, _: Timestamp, _: Timestamp) -> Result<Vec<Stay>, StoreError> {
        let kept = self.lock();
        Ok(kept
            .stays
            .iter()
            .filter(|stay| stay.whereabouts.place.as_deref() == Some(place))
            .cloned()
            .collect())
    }

    async fn events(&self, list: &EventList) -> Result<Page<Event>, StoreError> {
        let kept = self.lock();
        let fits = |event: &&Event| {
            list.device.as_ref().is_none_or(|id| event.device.as_ref() == Some(id))
                && list.sites.as_ref().is_none_or(|sites| sites.contains(&event.site))
                && (list.kinds.is_empty() || list.kinds.contains(&event.kind))
                && list.severity.is_none_or(|severity| event.severity <= severity)
                && list.from.is_none_or(|from| event.at >= from)
                && list.until.is_none_or(|until| event.at < until)
                && list.after.is_none_or(|after| event.number > after)
        };
        let mut found: Vec<Event> = kept.events.iter().filter(fits).cloned().collect();
        if list.after.is_none() {
            found.reverse();
        }
        page(found, &PageRequest { limit: list.limit, cursor: list.cursor.clone() })
    }

    async fn sensors(&self) -> Result<Vec<SensorState>, StoreError> {
        Ok(self.lock().sensors.clone())
    }

    async fn coverage(&self, site: &str) -> Result<Coverage, StoreError> {
        let kept = self.lock();
        let at: Vec<_> = kept.devices.values().map(|d| &d.summary).filter(|d| d.site == site).collect();
        let blind: Vec<_> = at.iter().filter(|d| d.status == Status::Unheard).map(|d| d.id.clone()).collect();
        let mut vlans = BTreeMap::new();
        for vlan in at.iter().flat_map(|d| d.vlans.iter()) {
            *vlans.entry(*vlan).or_default() += 1;
        }
        Ok(Coverage {
            site: site.to_owned(),
            heard: (at.len() - blind.len()) as u64,
            unheard: blind.len() as u64,
            blind_spots: blind,
            vlans,
            ..Coverage::default()
        })
    }
}
