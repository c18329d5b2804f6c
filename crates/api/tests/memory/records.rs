//! Documents, the audit trail, decisions, upkeep.

use async_trait::async_trait;
use medward_model::Timestamp;
use medward_monitor::{
    Audit, AuditEntry, AuditRecord, Commit, DecisionRecord, Document, Documents, Health, Ingest, Page,
    PageRequest, Pruned, Retention, SiteMemory, Sizes, StoreError, Upkeep,
};

use super::{Memory, page};

#[async_trait]
impl Documents for Memory {
    async fn document(&self, kind: &str, id: &str, now: Timestamp) -> Result<Option<Document>, StoreError> {
        let found = self.lock().documents.get(&(kind.to_owned(), id.to_owned())).cloned();
        Ok(found.filter(|document| document.expires.is_none_or(|expires| expires > now)))
    }

    async fn documents(&self, kind: &str, now: Timestamp) -> Result<Vec<Document>, StoreError> {
        let kept = self.lock();
        let valid = kept
            .documents
            .values()
            .filter(|document| document.kind == kind && document.expires.is_none_or(|expires| expires > now));
        Ok(valid.cloned().collect())
    }

    async fn put_document(
        &self,
        kind: &str,
        id: &str,
        body: &serde_json::Value,
        expected: Option<u64>,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let key = (kind.to_owned(), id.to_owned());
        let mut kept = self.lock();
        let valid =
            kept.documents.get(&key).filter(|document| document.expires.is_none_or(|expires| expires > now));
        let found = valid.map_or(0, |document| document.version);
        if let Some(expected) = expected
            && expected != found
        {
            return Err(StoreError::Conflict { expected, found });
        }
        let version = found + 1;
        let (kind, id, body) = (kind.to_owned(), id.to_owned(), body.clone());
        kept.documents.insert(key, Document { kind, id, body, version, changed: now, expires });
        Ok(version)
    }

    async fn delete_document(&self, kind: &str, id: &str) -> Result<bool, StoreError> {
        Ok(self.lock().documents.remove(&(kind.to_owned(), id.to_owned())).is_some())
    }

    async fn expire_documents(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut kept = self.lock();
        let before = kept.documents.len();
        kept.documents.retain(|_, document| document.expires.is_none_or(|expires| expires > now));
        Ok((before - kept.documents.len()) as u64)
    }
}

#[async_trait]
impl Audit for Memory {
    async fn audit(&self, entry: AuditEntry) -> Result<AuditRecord, StoreError> {
        let mut kept = self.lock();
        let previous = kept.audit.last().map_or(AuditRecord::ORIGIN.to_owned(), |record| record.hash.clone());
        let record = AuditRecord::chain(&previous, kept.audit.len() as u64 + 1, entry);
        kept.audit.push(record.clone());
        Ok(record)
    }

    async fn audit_page(&self, text: &str, request: &PageRequest) -> Result<Page<AuditRecord>, StoreError> {
        let text = text.to_lowercase();
        let kept = self.lock();
        let fits = kept.audit.iter().rev().filter(|record| {
            let entry = &record.entry;
            [&entry.who, &entry.action, &entry.object].iter().any(|part| part.to_lowercase().contains(&text))
        });
        page(fits.cloned().collect(), request)
    }

    async fn audit_from(&self, number: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        let kept = self.lock();
        Ok(kept.audit.iter().filter(|record| record.number >= number).take(limit as usize).cloned().collect())
    }
}

#[async_trait]
impl Ingest for Memory {
    async fn load_site(&self, _: &str) -> Result<SiteMemory, StoreError> {
        Ok(SiteMemory::default())
    }

    async fn sites(&self) -> Result<Vec<String>, StoreError> {
        let kept = self.lock();
        let sites: std::collections::BTreeSet<_> =
            kept.devices.values().map(|d| d.summary.site.clone()).collect();
        Ok(sites.into_iter().collect())
    }

    async fn commit(&self, _: &Commit) -> Result<u64, StoreError> {
        Err(StoreError::Refused("the interface never commits".to_owned()))
    }

    async fn newest_receipt(&self, _: &str, _: &str, _: u64) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    async fn decide(&self, record: &DecisionRecord) -> Result<u64, StoreError> {
        let mut kept = self.lock();
        let number = kept.decisions.len() as u64 + 1;
        kept.decisions.push((DecisionRecord { number, ..record.clone() }, None));
        Ok(number)
    }

    async fn undo_decision(&self, number: u64, by: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.lock();
        let found = kept.decisions.iter_mut().find(|(record, _)| record.number == number);
        let missing = StoreError::Missing { what: "decision", id: number.to_string() };
        found.ok_or(missing)?.1 = Some((by.to_owned(), at));
        Ok(())
    }

    async fn decisions(
        &self,
        site: &str,
    ) -> Result<Vec<(DecisionRecord, Option<(String, Timestamp)>)>, StoreError> {
        let kept = self.lock();
        Ok(kept.decisions.iter().filter(|(record, _)| record.site == site).cloned().collect())
    }
}

#[async_trait]
impl Upkeep for Memory {
    async fn health(&self) -> Result<Health, StoreError> {
        Ok(Health { engine: "memory".to_owned(), version: "1".to_owned(), schema: 1 })
    }

    async fn sizes(&self) -> Result<Sizes, StoreError> {
        let kept = self.lock();
        Ok(Sizes {
            bytes: 0,
            tables: Vec::new(),
            devices: kept.devices.len() as u64,
            conversations: kept.conversations.len() as u64,
            events: kept.events.len() as u64,
        })
    }

    async fn prune(&self, _: &Retention, _: Timestamp) -> Result<Pruned, StoreError> {
        Ok(Pruned::default())
    }
}
