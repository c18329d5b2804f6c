//! One core a site: claims that run out unless they are renewed.
//!
//! A claim is the last message on the subject of its site, in a stream that forgets messages after the life of a claim. It is
//! written on condition that the message before it is the one that the writer knows. An empty message gives a site back.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType, Stream};
use bytes::Bytes;
use tokio::time::Instant;

use super::connect::NatsError;

const STREAM: &str = "MEDWARD-SITES";
const PREFIX: &str = "medward.site";

/// Where claims are kept.
pub struct Claims {
    context: Context,
    stream: Stream,
    /// Who we are.
    holder: Bytes,
    life: Duration,
}

impl Claims {
    /// Opens the stream of claims, or makes it.
    pub async fn open(context: Context, life: Duration, replicas: usize) -> Result<Self, NatsError> {
        let failed = |reason: String| NatsError::JetStream { what: "the stream of claimed sites", reason };
        let config = Config {
            name: STREAM.into(),
            description: Some("Which core serves which site".into()),
            subjects: vec![format!("{PREFIX}.*")],
            max_messages_per_subject: 1,
            max_age: life,
            duplicate_window: life,
            storage: StorageType::File,
            num_replicas: replicas,
            ..Default::default()
        };
        let stream = context.get_or_create_stream(config).await.map_err(|error| failed(error.to_string()))?;
        let mut holder = [0; 16];
        getrandom::fill(&mut holder).map_err(|error| failed(error.to_string()))?;
        // The stream may have been made with another life: that one counts.
        let life = stream.cached_info().config.max_age;
        Ok(Self { context, stream, holder: Bytes::copy_from_slice(&holder), life })
    }

    /// Claims a site; `None` if another core has it, or it cannot be told now.
    pub async fn take(&self, site: &str) -> Option<Claim<'_>> {
        let subject = format!("{PREFIX}.{site}");
        let renewed = Instant::now();
        let before = match self.stream.get_last_raw_message_by_subject(&subject).await {
            Ok(last) if last.payload.is_empty() => last.sequence,
            Ok(_) => return None,
            // There is none, or it cannot be read now; which of both, writing will show.
            Err(_) => 0,
        };
        let revision = self.write(&subject, self.holder.clone(), before).await.ok()?;
        Some(Claim { claims: self, subject, revision, renewed })
    }

    async fn write(&self, subject: &str, holder: Bytes, before: u64) -> Result<u64, PublishErrorKind> {
        let message = PublishMessage::build().payload(holder).expected_last_subject_sequence(before);
        let stored = self.context.send_publish(subject.to_string(), message).await.map_err(|e| e.kind())?;
        stored.await.map(|stored| stored.sequence).map_err(|error| error.kind())
    }
}

/// A claim that we hold.
pub struct Claim<'a> {
    claims: &'a Claims,
    subject: String,
    revision: u64,
    renewed: Instant,
}

impl Claim<'_> {
    /// Keeps the claim; returns when it is lost.
    pub async fn hold(&mut self) {
        let claims = self.claims;
        loop {
            tokio::time::sleep(claims.life / 4).await;
            let now = Instant::now();
            match claims.write(&self.subject, claims.holder.clone(), self.revision).await {
                Ok(revision) => (self.revision, self.renewed) = (revision, now),
                Err(PublishErrorKind::WrongLastSequence) => {
                    // Our own renewal may have been taken although its answer was lost.
                    match claims.stream.get_last_raw_message_by_subject(&self.subject).await {
                        Ok(last) if last.payload == claims.holder => {
                            (self.revision, self.renewed) = (last.sequence, now);
                        }
                        Ok(_) => return,
                        Err(error) => tracing::debug!(%error, "the claim cannot be read"),
                    }
                }
                Err(error) => tracing::debug!(?error, subject = %self.subject, "the claim was not renewed"),
            }
            if self.renewed.elapsed() >= claims.life {
                return;
            }
        }
    }

    /// Gives it back, so that another core need not wait.
    pub async fn release(self) {
        if let Err(error) = self.claims.write(&self.subject, Bytes::new(), self.revision).await {
            tracing::debug!(?error, subject = %self.subject, "the claim will run out");
        }
    }
}
