//! HL7 orders from strange senders.
//!
//! # What it stops
//! HL7 version 2 messages over MLLP to a protected device or system that order or command something (ORM, OMG, OML, OMP, RDE, RGV and
//! their kin; EAC of laboratory automation), where MSH-3 (sending application) is none of those listed, or comes from elsewhere
//! than listed (`EPIC@10.1.1.7`). It is refused at its head: nothing of the order passes. Results, admissions and queries pass.
//!
//! # Clinical effect
//! An order of an unlisted system does not arrive: the system that sent it sees its connection closed and shows it as not delivered.
//! List every interface engine before this is armed.
//!
//! # False positives
//! A new or renamed interface; a test system; an engine that keeps the name of whom it forwards.
//!
//! # References
//! HL7 2.9, 2.14.9 (MSH), appendix A table 0076; IHE PCD TF (infusion orders, PCD-03).

use medward_model::{Activity, Verb};

use crate::judgement::{Judgement, Shield, detail};
use crate::scope::{Named, Scope};
use crate::suricata::{Rules, group};

pub(super) static HL7_STRANGE_ORDER: Shield = Shield {
    name: "hl7-strange-order",
    title: "HL7 orders from strange senders",
    stops: "HL7 orders and commands whose sending application is not listed, or comes from elsewhere.",
    effect: "Orders of an unlisted system are not delivered; their sender sees it.",
    asks: &["applications"],
    number: 6,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    let sender = detail(activity, "sending-application");
    if activity.protocol != "hl7"
        || !matches!(activity.verb, Verb::Order | Verb::Command)
        || !scope.protects(activity.target.ip)
        || Named::any(&scope.applications, sender, activity.actor.ip)
    {
        return None;
    }
    HL7_STRANGE_ORDER
        .refuses(scope, format!("an order ({}) of the application '{sender}'", activity.operation))
}

fn rules(rules: &mut Rules<'_>) {
    // Letters and digits as they are, the rest in hexadecimal.
    let escaped = |name: &str| {
        name.bytes().fold(String::new(), |text, byte| {
            let part = if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("\\x{byte:02x}")
            };
            text + &part
        })
    };
    let known: Vec<String> = rules.scope.applications.iter().map(|known| escaped(&known.name)).collect();
    let but = if known.is_empty() { String::new() } else { format!("(?!(?i)(?:{})[|^])", known.join("|")) };
    let options = format!(
        "flow:to_server,established; content:\"MSH|7c|\"; \
         pcre:\"/MSH\\|[^|]*\\|{but}[^|]*\\|(?:[^|]*\\|){{5}}(?:OR[MS]|OM[GLIPSNBDQ]|RD[ESO]|RGV|RAS|SIU|SRM|EAC)\\^/\";"
    );
    let ends = format!("any any -> {} any", group(&rules.scope.protect));
    rules.drop("tcp", &ends, "an HL7 order of a strange application", &options);
    rules.remark("Networks bound to applications (NAME@network) are judged in line only.");
}
