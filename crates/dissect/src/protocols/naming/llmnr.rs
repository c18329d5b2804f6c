//! Link-local multicast name resolution: Windows hosts asking the neighbourhood for a name.
//!
//! Standard: RFC 4795 (2.1 the message, 2.4 answers by unicast).
//!
//! What it tells: each question as an activity, each answer as an announcement with the name; of a host that answers
//! for its own address, that name.
//!
//! Limits: an attacker who answers to every name with its own address looks like a host with many names; the
//! activities show that. "wpad" and "isatap" are never taken for host names.

use medward_model::{Attribute, Field, Outcome, Verb};

use super::dns_message::{Entry, Message, Section, kind_name};
use super::said::Said;
use super::value::host_name;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session};

static NAME: Field = Field::states(
    "name",
    Attribute::Hostname,
    85,
    "owner of an A or AAAA answer that holds the responder's own address (RFC 4795, 2.3)",
);

pub(super) static LLMNR: Dissector = Dissector {
    name: "llmnr",
    title: "Link-local multicast name resolution",
    label: "LLMNR",
    group: Group::Naming,
    specification: &["RFC 4795"],
    ports: &[5355],
    carrier: Carrier::Datagram { probe, session: || Box::new(Llmnr::default()) },
    fields: &[&NAME],
    basis: Basis::RealPeers,
};

fn probe(head: &Head<'_>) -> Probe {
    let message = Message::read(head.any());
    Probe::when(
        head.on_port(5355)
            && message.is_some_and(|m| m.opcode() == 0 && m.counts.first() == Some(&1) && m.is_whole()),
    )
}

#[derive(Default)]
struct Llmnr {
    said: Said,
}

impl Session for Llmnr {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        let Some(message) = Message::read(bytes) else { return done };
        let Some(question) = message.question() else {
            cx.weird("llmnr_no_question");
            return done;
        };
        let name = question.name.lower();
        let kind = kind_name(question.kind);
        if !message.is_response() {
            // Every question is sent twice (RFC 4795, 2.7).
            if self.said.first(&(message.id, question.kind, &name)) {
                cx.activity(Verb::Lookup, "query", &name).detail("type", &kind);
            }
            return done;
        }
        let own = cx.flow().peer(cx.side()).host.ip;
        let mut answer = String::new();
        for entry in message.entries().take(32) {
            let Entry::Record(record) = entry else { continue };
            let Some(address) = record.address().filter(|_| record.section == Section::Answer) else {
                continue;
            };
            if answer.is_empty() {
                answer = address.to_string();
            }
            // An IPv6 address told over IPv4, or the reverse, cannot be compared.
            if (address == own || address.is_ipv4() != own.is_ipv4())
                && let Some(name) = host_name(&record.name.text())
            {
                let sender = cx.sender();
                self.said.tell(cx, &sender, &NAME, &name);
            }
        }
        cx.activity(Verb::Announce, "response", &name)
            .outcome(if message.rcode() == 0 { Outcome::Success } else { Outcome::Failure })
            .detail("type", &kind)
            .detail("answer", &answer);
        done
    }
}

#[cfg(test)]
mod tests {
    use medward_model::Transport;

    use super::super::dns_message::build::{header, question, record};
    use super::LLMNR;
    use crate::{Side, exercise};

    fn response(name: &str, address: [u8; 4]) -> Vec<u8> {
        [header(5, 0x8000, [1, 1, 0, 0]), question(name, 1, 1), record(name, 1, 1, &address)].concat()
    }

    #[test]
    fn questions_and_own_answers() {
        let ask = [header(5, 0, [1, 0, 0, 0]), question("NURSE-PC", 1, 1)].concat();
        let said = exercise(
            &LLMNR,
            Transport::Udp,
            &[
                (Side::Originator, &ask),
                (Side::Originator, &ask),
                (Side::Responder, &response("NURSE-PC", [10, 0, 0, 2])),
                (Side::Responder, &response("other", [10, 0, 0, 3])),
                (Side::Responder, &response("wpad", [10, 0, 0, 2])),
            ],
        );
        assert_eq!(said.values("name"), ["NURSE-PC"]);
        let operations: Vec<&str> = said.activity.iter().map(|a| &*a.operation).collect();
        assert_eq!(operations, ["query", "response", "response", "response"]);
        assert_eq!(&*said.activity[0].object, "nurse-pc");
    }
}
