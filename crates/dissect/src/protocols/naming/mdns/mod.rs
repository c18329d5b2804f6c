//! Multicast DNS with DNS service discovery: devices that name themselves and their services.
//!
//! Standards: RFC 6762 (mDNS), RFC 6763 (DNS-SD), PS3.15 Annex H (DICOM: `_dicom._tcp`, `_acr-nema._tcp`).
//!
//! Shape: DNS messages on UDP 5353 to 224.0.0.251 or ff02::fb, or unicast to a one-shot asker. Only answers and
//! additional records of responses count; known answers inside queries repeat what others said.
//!
//! What it tells: of the sender its host name (A and AAAA records that hold the sender's own address), the services it
//! announces, and those TXT keys that are known to name a model, a maker, a serial number, a version or a place; of an
//! asker the service types it looks for.
//!
//! Limits: a reflector or sleep proxy repeats records of other hosts; once a sender is seen to do that, its services
//! count only where the same message leads them to an address. Names of 300 services are kept per session.

mod services;

use std::net::IpAddr;

use medward_model::{Attribute, Field, Outcome, Subject, Verb};

use super::dns_message::{Entry, Message, Name, Record, Section, kind};
use super::said::Said;
use super::value::{host_name, is_internal};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, clean_bytes};

static HOST: Field = Field::states(
    "host",
    Attribute::Hostname,
    92,
    "owner of an A or AAAA record with that address (RFC 6762, 6)",
);
static CPU: Field = Field::fact("hinfo-cpu", "HINFO record, CPU (RFC 1035, 3.3.2)");
static OS: Field = Field::fact("hinfo-os", "HINFO record, OS (RFC 1035, 3.3.2)");
static ASKS: Field = Field::fact("asks", "service types that the host looks for (RFC 6763, 4)");
static REFLECTS: Field = Field::fact("role", "\"reflector\": repeats other hosts' records on its own behalf");

pub(super) static MDNS: Dissector = Dissector {
    name: "mdns",
    title: "Multicast DNS with service discovery",
    label: "mDNS",
    group: Group::Naming,
    specification: &["RFC 6762", "RFC 6763", "DICOM PS3.15 Annex H"],
    ports: &[5353],
    carrier: Carrier::Datagram { probe, session: || Box::new(Mdns::default()) },
    fields: &[
        &HOST,
        &CPU,
        &OS,
        &ASKS,
        &REFLECTS,
        &services::SERVICE,
        &services::INSTANCE,
        &services::TXT,
        &services::MODEL,
        &services::PRODUCT,
        &services::RECEIVER_MODEL,
        &services::VENDOR,
        &services::SERIAL,
        &services::FIRMWARE,
        &services::UNIQUE_ID,
        &services::LOCATION,
        &services::AE_TITLE,
        &services::WORKSTATION,
        &services::SOFTWARE,
    ],
    basis: Basis::RealPeers,
};

fn probe(head: &Head<'_>) -> Probe {
    let message = Message::read(head.any());
    Probe::when(head.on_port(5353) && message.is_some_and(|m| m.opcode() == 0 && m.is_whole()))
}

#[derive(Default)]
struct Mdns {
    said: Said,
    /// The sender repeats records of other hosts.
    reflector: bool,
}

impl Session for Mdns {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if let Some(message) = Message::read(bytes) {
            if message.is_response() {
                self.response(&message, cx);
            } else {
                self.query(&message, cx);
            }
            let mut entries = message.entries();
            entries.by_ref().for_each(drop);
            if entries.broken() {
                cx.weird("mdns_malformed");
            }
        }
        Progress::Consumed(bytes.len() as u64)
    }
}

/// Records of one response that lead from a name to addresses, bounded.
#[derive(Default)]
struct Hosts {
    addresses: Vec<(String, IpAddr)>,
    /// Instance and the host that serves it.
    servers: Vec<(String, String)>,
}

/// Whom a record of a response is about.
enum Owner {
    Sender,
    Others(Vec<IpAddr>),
    Unknown,
}

impl Hosts {
    fn read(message: &Message<'_>) -> Hosts {
        let mut hosts = Hosts::default();
        for record in records(message) {
            if let Some(address) = record.address() {
                if hosts.addresses.len() < 64 {
                    hosts.addresses.push((record.name.lower(), address));
                }
            } else if record.kind == kind::SRV
                && hosts.servers.len() < 64
                && let Some(target) = record.target(6)
            {
                hosts.servers.push((record.name.lower(), target.lower()));
            }
        }
        hosts
    }

    /// The sender, if `host` has its address or no address that could be compared with it.
    fn owner(&self, host: &str, sender: IpAddr) -> Owner {
        let comparable: Vec<IpAddr> = self
            .addresses
            .iter()
            .filter(|(name, ip)| name == host && ip.is_ipv4() == sender.is_ipv4())
            .map(|(_, ip)| *ip)
            .collect();
        let any = self.addresses.iter().any(|(name, _)| name == host);
        if comparable.contains(&sender) {
            Owner::Sender
        } else if !comparable.is_empty() && !same_interface(&comparable, sender) {
            Owner::Others(comparable)
        } else if any {
            Owner::Sender
        } else {
            Owner::Unknown
        }
    }

    fn owner_of_instance(&self, instance: &str, sender: IpAddr) -> Owner {
        match self.servers.iter().find(|(name, _)| name == instance) {
            Some((_, host)) => self.owner(host, sender),
            None => Owner::Unknown,
        }
    }
}

/// IPv6 hosts send from a link-local address and announce global ones, or the other way round: that proves nothing.
fn same_interface(addresses: &[IpAddr], sender: IpAddr) -> bool {
    let link_local = |ip: &IpAddr| matches!(ip, IpAddr::V6(ip) if ip.segments().first().is_some_and(|s| s & 0xffc0 == 0xfe80));
    match sender {
        IpAddr::V4(_) => false,
        IpAddr::V6(_) => !addresses.iter().any(|ip| link_local(ip) == link_local(&sender)),
    }
}

/// Answers and additional records that are not withdrawn (TTL 0: RFC 6762, 10.1).
fn records<'a>(message: &Message<'a>) -> impl Iterator<Item = Record<'a>> {
    message.entries().filter_map(|entry| match entry {
        Entry::Record(record) if record.ttl > 0 && record.section != Section::Authority => Some(record),
        _ => None,
    })
}

impl Mdns {
    fn query(&mut self, message: &Message<'_>, cx: &mut Context<'_>) {
        let sender = cx.sender();
        for entry in message.entries().take(64) {
            let Entry::Question(question) = entry else { break };
            let name = question.name.lower();
            let Some(service) = service_type(&question.name) else { continue };
            // A browse for the type itself, not the resolution of one instance.
            let browses = question.kind == kind::PTR && !name.starts_with("_services._dns-sd.");
            if browses && self.said.first(&("asks", &service)) {
                cx.evidence(sender.clone(), &ASKS, &service);
                cx.activity(Verb::Lookup, "browse", &service);
            }
        }
    }

    fn response(&mut self, message: &Message<'_>, cx: &mut Context<'_>) {
        let own = cx.flow().peer(cx.side()).host.ip;
        let hosts = Hosts::read(message);
        if !self.reflector
            && hosts.addresses.iter().any(|(host, _)| matches!(hosts.owner(host, own), Owner::Others(_)))
        {
            self.reflector = true;
            self.said.tell(cx, &cx.sender(), &REFLECTS, "reflector");
        }
        for record in records(message).take(256) {
            match record.kind {
                kind::A | kind::AAAA => self.host(&record, &hosts, own, cx),
                kind::HINFO => {
                    if let [cpu, os, ..] =
                        record.strings().take(2).map(clean_bytes).collect::<Vec<_>>().as_slice()
                        && !self.reflector
                    {
                        let sender = cx.sender();
                        self.said.tell(cx, &sender, &CPU, cpu);
                        self.said.tell(cx, &sender, &OS, os);
                    }
                }
                kind::PTR => {
                    if let Some(instance) = record.target(0)
                        && let Some(service) = service_type(&record.name)
                        && service_type(&instance).as_deref() == Some(service.as_str())
                        && let Some(subject) = self.subject(&hosts, &instance, own, cx)
                    {
                        self.announce(&service, &instance, &subject, cx);
                    }
                }
                kind::SRV | kind::TXT => {
                    let Some(service) = service_type(&record.name) else { continue };
                    let Some(subject) = self.subject(&hosts, &record.name, own, cx) else { continue };
                    self.announce(&service, &record.name, &subject, cx);
                    if record.kind == kind::TXT {
                        let strings: Vec<&[u8]> = record.strings().take(64).collect();
                        services::keys(
                            &mut self.said,
                            cx,
                            &subject,
                            &service,
                            &instance_label(&record.name),
                            &strings,
                        );
                    }
                }
                _ => {}
            }
        }
    }

    fn host(&mut self, record: &Record<'_>, hosts: &Hosts, own: IpAddr, cx: &mut Context<'_>) {
        let Some(address) = record.address() else { return };
        let Some(name) = host_name(&record.name.text()) else { return };
        match hosts.owner(&record.name.lower(), own) {
            Owner::Sender => {
                let sender = cx.sender();
                self.said.tell(cx, &sender, &HOST, &name);
            }
            Owner::Others(_) | Owner::Unknown => {
                if is_internal(address) && address.is_ipv4() {
                    self.said.tell(cx, &Subject::Ip(address), &HOST, &name);
                }
            }
        }
    }

    /// Whom a service instance belongs to; nobody where a reflector does not tell.
    fn subject(&self, hosts: &Hosts, instance: &Name, own: IpAddr, cx: &Context<'_>) -> Option<Subject> {
        match hosts.owner_of_instance(&instance.lower(), own) {
            Owner::Sender => Some(cx.sender()),
            Owner::Others(addresses) => match addresses.as_slice() {
                [only] => Some(cx.ip(*only)),
                _ => None,
            },
            Owner::Unknown => (!self.reflector).then(|| cx.sender()),
        }
    }

    fn announce(&mut self, service: &str, instance: &Name, subject: &Subject, cx: &mut Context<'_>) {
        if self.said.len() > 1500 {
            return;
        }
        self.said.tell(cx, subject, &services::SERVICE, service);
        let label = instance_label(instance);
        let told = format!("{service} {label}");
        if self.said.first(&(subject, services::INSTANCE.name, &told)) {
            cx.evidence(subject.clone(), &services::INSTANCE, &told);
            cx.activity(Verb::Announce, "announce", service).outcome(Outcome::Success);
            services::from_instance(&mut self.said, cx, subject, service, &label);
        }
    }
}

/// `_ipp._tcp` out of `HP LaserJet._ipp._tcp.local` or `_universal._sub._ipp._tcp.local`.
fn service_type(name: &Name) -> Option<String> {
    let labels: Vec<&[u8]> = name.labels().collect();
    let at =
        labels.iter().rposition(|l| l.eq_ignore_ascii_case(b"_tcp") || l.eq_ignore_ascii_case(b"_udp"))?;
    let (service, transport) = (labels.get(at.checked_sub(1)?)?, labels.get(at)?);
    let usable = service.len() > 1 && service.starts_with(b"_") && service.is_ascii();
    usable.then(|| format!("{}.{}", clean_bytes(service), clean_bytes(transport)).to_ascii_lowercase())
}

/// The first label of a service instance, as people see it (RFC 6763, 4.1.1).
fn instance_label(name: &Name) -> String {
    name.labels().next().map(clean_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests;
