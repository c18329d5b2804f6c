//! Setting changes over BACnet/IP from strangers.
//!
//! # What it stops
//! WriteProperty, WritePropertyMultiple, AddListElement, CreateObject, DeleteObject, ReinitializeDevice,
//! DeviceCommunicationControl, file writes and changes of routing and broadcast tables, confirmed or not, where the asking address
//! is none of the device's servers. Reading, subscriptions and alarms pass.
//!
//! # Clinical effect
//! Ventilation, the pressure of isolation rooms, refrigerators and heating go on as they are set: what a controller does by
//! itself does not pass here. A building management station that is not listed loses its hand on them until it is.
//!
//! # False positives
//! Commissioning tools; stations that were replaced; BACnet routers, where one address speaks for many.
//!
//! # References
//! ANSI/ASHRAE 135-2020, 13 to 16 (services) and annex J (BACnet/IP). BACnet without Secure Connect has no login.

use medward_model::{Activity, Verb};

use crate::judgement::{Judgement, Shield};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static BACNET_WRITE: Shield = Shield {
    name: "bacnet-write",
    title: "BACnet writes from strangers",
    stops: "BACnet writes, restarts and other changes from an address that is no server of the device.",
    effect: "The controller goes on as it is set; an unlisted management station or engineer's tool cannot change it.",
    asks: &["servers"],
    number: 1,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    let changes =
        matches!(activity.verb, Verb::Set | Verb::Write | Verb::Delete | Verb::CreateService | Verb::Command);
    if activity.protocol != "bacnet" || !changes || !scope.is_stranger(activity) {
        return None;
    }
    BACNET_WRITE.refuses(scope, format!("{} to a controller by none of its servers", activity.operation))
}

fn rules(rules: &mut Rules<'_>) {
    // BVLC original unicast or forwarded, NPDU without addresses, confirmed request that is not segmented, then the service:
    // 7 AtomicWriteFile, 8/9 list elements, 10/11 objects, 15/16 write, 17 communication control, 20 reinitialise.
    let options = "content:\"|81|\"; depth:1; pcre:\"/^\\x81[\\x0a\\x0b]..\\x01[\\x00-\\x07][\\x00-\\x07]..[\\x07-\\x0b\\x0f-\\x11\\x14]/s\";";
    let ends = rules.strangers_to("47808");
    rules.drop("udp", &ends, "BACnet change from a stranger", options);
    rules.remark(
        "Requests behind a BACnet router (NPDU with addresses) or in segments are judged in line only.",
    );
}
