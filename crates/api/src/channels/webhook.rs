//! Webhooks: JSON with a signature that the receiver can check.

use medward_monitor::Event;
use ring::hmac;
use serde_json::json;

use super::{Delivery, DeliveryError, WebhookTarget};
use crate::outgoing::OutgoingError;
use crate::secrets::hex;

/// HMAC-SHA256 over the time of sending, a dot, and the body.
pub fn signature(secret: &str, sent: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    context.update(sent.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    format!("sha256={}", hex(context.sign().as_ref()))
}

pub async fn deliver(
    delivery: &Delivery<'_>,
    target: &WebhookTarget,
    event: &Event,
) -> Result<(), DeliveryError> {
    let channel = delivery.channel;
    let body = json!({ "channel": channel.name, "event": event });
    let body = serde_json::to_vec(&body).map_err(|error| DeliveryError::Unwritable(error.to_string()))?;
    let sent = delivery.app.now().as_seconds();
    let mut headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("user-agent".to_owned(), "Medward".to_owned()),
        // The same for every try, so that the receiver can leave out what it has.
        ("x-medward-delivery".to_owned(), format!("{}-{}", channel.id, event.number)),
        ("x-medward-timestamp".to_owned(), sent.to_string()),
    ];
    if let Some(secret) = &delivery.secret {
        headers.push(("x-medward-signature".to_owned(), signature(secret, sent, &body)));
    }
    let reply = delivery.app.outgoing.post(&target.url, headers, body).await?;
    if (200..300).contains(&reply.status) { Ok(()) } else { Err(OutgoingError::Status(reply.status).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha256_as_in_rfc_4231_case_2_with_the_time_before_the_body() {
        // The RFC's text "what do ya want for nothing?" is no number; the key is its own.
        let whole =
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"Jefe"), b"12.what do ya want for nothing?");
        assert_eq!(
            signature("Jefe", 12, b"what do ya want for nothing?"),
            format!("sha256={}", hex(whole.as_ref()))
        );
    }
}
