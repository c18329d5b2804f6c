//! E-mail by SMTP.

use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use medward_monitor::Event;

use super::{Delivery, DeliveryError, EmailTarget, MailSecurity};

fn mailbox(address: &str) -> Result<Mailbox, DeliveryError> {
    let short: String = address.chars().take(100).collect();
    address.parse().map_err(|_| DeliveryError::Address(format!("'{short}' is no mail address")))
}

/// Whether that is a mail address.
pub fn check(address: &str) -> Result<(), DeliveryError> {
    mailbox(address).map(|_| ())
}

fn message(delivery: &Delivery<'_>, target: &EmailTarget, event: &Event) -> Result<Message, DeliveryError> {
    let title: String = event.title.chars().filter(|c| !c.is_control()).take(200).collect();
    let mut text = format!(
        "{title}\n\nSeverity: {}\nKind: {}\nSite: {}\nTime: {}\n",
        event.severity.name(),
        event.kind.name(),
        event.site,
        event.at
    );
    let base = delivery.app.config.public_address.trim_end_matches('/');
    if let Some(device) = &event.device {
        text.push_str(&format!("Device: {device}\n"));
        if !base.is_empty() {
            text.push_str(&format!("\n{base}/devices/{device}\n"));
        }
    }
    let mut builder = Message::builder()
        .from(mailbox(&target.from)?)
        .subject(format!("[Medward] {}: {title}", event.severity.name()))
        // The same for every try, so that a mail that came twice is shown once.
        .message_id(Some(format!("<{}.{}@medward>", delivery.channel.id, event.number)))
        .header(header::ContentType::TEXT_PLAIN);
    for address in &target.to {
        builder = builder.to(mailbox(address)?);
    }
    builder.body(text).map_err(|error| DeliveryError::Unwritable(error.to_string()))
}

pub async fn deliver(
    delivery: &Delivery<'_>,
    target: &EmailTarget,
    event: &Event,
) -> Result<(), DeliveryError> {
    let message = message(delivery, target, event)?;
    // The address that was checked is the one that is connected to; the certificate is still held against the name.
    let address = delivery.app.outgoing.resolve(&target.host, target.port).await?;
    let parameters =
        || TlsParameters::new(target.host.clone()).map_err(|error| DeliveryError::Mail(error.to_string()));
    let tls = match target.security {
        MailSecurity::Tls => Tls::Wrapper(parameters()?),
        MailSecurity::Starttls => Tls::Required(parameters()?),
        MailSecurity::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
        .port(target.port)
        .timeout(Some(std::time::Duration::from_secs(20)))
        .tls(tls);
    if let (false, Some(secret)) = (target.user.is_empty(), &delivery.secret) {
        builder = builder.credentials(Credentials::new(target.user.clone(), secret.clone()));
    }
    builder.build().send(message).await.map(|_| ()).map_err(|error| DeliveryError::Mail(error.to_string()))
}
