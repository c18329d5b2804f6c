//! One core a site: claims that run out unless they are renewed.

use std::time::Duration;

use async_nats::jetstream::kv::{self, CreateErrorKind, Store};
use async_nats::jetstream::{Context, kv::UpdateErrorKind};
use bytes::Bytes;
use tokio::time::Instant;

use super::connect::{BUCKET, NatsError};

/// Opens the place where claims are kept, or makes it.
pub async fn open(context: &Context, life: Duration, replicas: usize) -> Result<Store, NatsError> {
    let config = kv::Config {
        bucket: BUCKET.into(),
        description: "Which core serves which site".into(),
        history: 1,
        max_age: life,
        num_replicas: replicas,
        ..Default::default()
    };
    match context.create_key_value(config).await {
        Ok(store) => Ok(store),
        // It is there with another configuration: that of whoever was first.
        Err(error) => context
            .get_key_value(BUCKET)
            .await
            .map_err(|_| NatsError::JetStream { what: "a key-value bucket", reason: error.to_string() }),
    }
}

/// A claim that we hold.
pub struct Claim {
    store: Store,
    key: String,
    holder: Bytes,
    revision: u64,
    life: Duration,
    renewed: Instant,
}

impl Claim {
    /// Claims a site; `None` if another core has it, or it cannot be told now.
    pub async fn take(store: &Store, key: &str, holder: &Bytes, life: Duration) -> Option<Self> {
        let renewed = Instant::now();
        match store.create(key, holder.clone()).await {
            Ok(revision) => {
                let (store, key, holder) = (store.clone(), key.into(), holder.clone());
                Some(Self { store, key, holder, revision, life, renewed })
            }
            Err(error) => {
                if error.kind() != CreateErrorKind::AlreadyExists {
                    tracing::debug!(%error, site = key, "the site cannot be claimed now");
                }
                None
            }
        }
    }

    /// Keeps the claim; returns when it is lost.
    pub async fn hold(&mut self) {
        loop {
            tokio::time::sleep(self.life / 4).await;
            let now = Instant::now();
            match self.store.update(&self.key, self.holder.clone(), self.revision).await {
                Ok(revision) => {
                    self.revision = revision;
                    self.renewed = now;
                }
                Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => {
                    // Our own renewal may have been taken although its answer was lost.
                    match self.store.entry(self.key.as_str()).await {
                        Ok(Some(entry)) if entry.value == self.holder => {
                            self.revision = entry.revision;
                            self.renewed = now;
                        }
                        Ok(_) => return,
                        Err(_) => {}
                    }
                }
                Err(error) => tracing::debug!(%error, site = %self.key, "the claim was not renewed"),
            }
            if self.renewed.elapsed() >= self.life {
                return;
            }
        }
    }

    /// Gives it back, so that another core need not wait.
    pub async fn release(self) {
        let released = self.store.delete_expect_revision(&self.key, Some(self.revision)).await;
        if let Err(error) = released {
            tracing::debug!(%error, site = %self.key, "the claim will run out");
        }
    }
}
