//! Setting changes to infusion pumps and other devices through their web pages.
//!
//! # What it stops
//! HTTP POST, PUT, PATCH, DELETE and the methods of WebDAV that change something, to a protected device (a pump, its gateway or
//! communication module, a monitor, a terminal server) from an address that is none of its servers. Pages can be read.
//! SOAP messages are left to the shield for SDC, which knows what they mean. Encrypted pages (HTTPS) are not seen: put those behind the address rule of a policy.
//!
//! # Clinical effect
//! The running infusion is not touched: what a nurse sets at the pump does not pass here. A service computer that is not listed cannot
//! configure; pumps' own reports to their server are other traffic, and pass.
//!
//! # False positives
//! Web pages that use POST to log in or to show something; service laptops.
//!
//! # References
//! ICSMA-18-128-01, ICSMA-20-296-02, ICSMA-21-294-01 (settings and files through web pages without, or with weak, login); RFC 9110, 9.

use medward_model::{Activity, Verb};

use crate::judgement::{Judgement, Shield, detail};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static PUMP_SETTINGS: Shield = Shield {
    name: "pump-settings",
    title: "Setting changes through the web pages of pumps and other devices",
    stops: "HTTP requests that change something on a protected device, from an address that is no server of it.",
    effect: "Infusions go on as set; unlisted service computers cannot configure over HTTP.",
    asks: &["servers"],
    number: 9,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    let web = matches!(activity.protocol, "http" | "dicomweb" | "fhir" | "upnp");
    let changes = matches!(
        activity.verb,
        Verb::Set | Verb::Write | Verb::Delete | Verb::Rename | Verb::Command | Verb::CreateService
    );
    // Reading is a POST in SOAP, too: its operations are judged by what they mean (sdc-settings).
    let soap = detail(activity, "media").contains("soap+xml");
    if !web || !changes || soap || !scope.is_stranger(activity) {
        return None;
    }
    PUMP_SETTINGS.refuses(scope, format!("{} by none of the device's servers", activity.operation))
}

fn rules(rules: &mut Rules<'_>) {
    let to = rules.strangers_to("any");
    for method in ["POST", "PUT", "PATCH", "DELETE", "PROPPATCH", "MOVE", "COPY", "MKCOL"] {
        let options = format!(
            "flow:to_server,established; http.method; content:\"{method}\"; startswith; endswith; http.header; content:!\"soap+xml\";"
        );
        rules.drop("http", &to, &format!("HTTP {method} from a stranger"), &options);
    }
}
