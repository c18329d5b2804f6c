//! Syslog: RFC 5424, over UDP (RFC 5426) or TCP with octet counting (RFC 6587).

use medward_model::Severity;
use medward_monitor::Event;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};

use super::{Carrier, Delivery, DeliveryError, SyslogTarget};

/// Facility 13: log audit.
const FACILITY: u8 = 13;
/// Enterprise number for examples (RFC 5612): the project has none of its own.
const ENTERPRISE: &str = "32473";

const fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Info => 6,
    }
}

fn value(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\' | ']') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The line of an event.
pub fn line(event: &Event) -> String {
    let priority = FACILITY * 8 + severity(event.severity);
    // RFC 5424 allows six decimals of seconds.
    let at = medward_model::Timestamp::from_nanos(event.at.as_nanos() / 1000 * 1000);
    let mut fields = format!(
        "number=\"{}\" site=\"{}\" severity=\"{}\"",
        event.number,
        value(&event.site),
        event.severity.name()
    );
    if let Some(device) = &event.device {
        fields.push_str(&format!(" device=\"{}\"", value(&device.0)));
    }
    let title: String = event.title.chars().filter(|c| !c.is_control()).collect();
    format!(
        "<{priority}>1 {at} - medward - {} [event@{ENTERPRISE} {fields}] \u{feff}{title}",
        event.kind.name()
    )
}

pub async fn deliver(
    delivery: &Delivery<'_>,
    target: &SyslogTarget,
    event: &Event,
) -> Result<(), DeliveryError> {
    let address = delivery.app.outgoing.resolve(&target.host, target.port).await?;
    let line = line(event);
    match target.carrier {
        Carrier::Udp => {
            let own = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let socket = UdpSocket::bind(own).await?;
            socket.send_to(line.as_bytes(), address).await?;
        }
        Carrier::Tcp => {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(format!("{} {line}", line.len()).as_bytes()).await?;
            stream.shutdown().await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use medward_model::Timestamp;
    use medward_monitor::EventKind;

    #[test]
    fn an_event_is_one_line_of_rfc_5424_whatever_its_words_are() {
        let event = Event {
            number: 7,
            at: Timestamp::from_nanos(1_795_348_800_123_456_789),
            site: "nor\"th]".to_owned(),
            kind: EventKind::Missing,
            severity: Severity::High,
            device: None,
            title: "pump-1 is missing\n<34>1 forged".to_owned(),
            details: std::collections::BTreeMap::new(),
        };
        assert_eq!(
            line(&event),
            "<107>1 2026-11-22T12:00:00.123456Z - medward - missing [event@32473 number=\"7\" \
             site=\"nor\\\"th\\]\" severity=\"high\"] \u{feff}pump-1 is missing<34>1 forged"
        );
    }
}
