//! Who may do what: roles, permissions, and the one table of all routes. What is not in it is refused.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that a person or token may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Permission {
    #[serde(rename = "device.read")]
    DeviceRead,
    #[serde(rename = "device.annotate")]
    DeviceAnnotate,
    #[serde(rename = "device.identity")]
    DeviceIdentity,
    #[serde(rename = "place.write")]
    PlaceWrite,
    #[serde(rename = "event.read")]
    EventRead,
    #[serde(rename = "usage.read")]
    UsageRead,
    #[serde(rename = "sensor.read")]
    SensorRead,
    #[serde(rename = "sensor.manage")]
    SensorManage,
    #[serde(rename = "people.manage")]
    PeopleManage,
    #[serde(rename = "token.manage")]
    TokenManage,
    #[serde(rename = "setting.read")]
    SettingRead,
    #[serde(rename = "setting.write")]
    SettingWrite,
    #[serde(rename = "channel.manage")]
    ChannelManage,
    #[serde(rename = "integration.manage")]
    IntegrationManage,
    #[serde(rename = "audit.read")]
    AuditRead,
    #[serde(rename = "export")]
    Export,
}

use Permission as P;

impl Permission {
    /// All of them.
    pub const ALL: [Permission; 16] = [
        P::DeviceRead,
        P::DeviceAnnotate,
        P::DeviceIdentity,
        P::PlaceWrite,
        P::EventRead,
        P::UsageRead,
        P::SensorRead,
        P::SensorManage,
        P::PeopleManage,
        P::TokenManage,
        P::SettingRead,
        P::SettingWrite,
        P::ChannelManage,
        P::IntegrationManage,
        P::AuditRead,
        P::Export,
    ];

    /// Never given to a token: a stolen one must not make itself lasting.
    pub const fn is_for_people_only(self) -> bool {
        matches!(self, P::PeopleManage | P::TokenManage)
    }

    /// As in output.
    pub const fn name(self) -> &'static str {
        match self {
            P::DeviceRead => "device.read",
            P::DeviceAnnotate => "device.annotate",
            P::DeviceIdentity => "device.identity",
            P::PlaceWrite => "place.write",
            P::EventRead => "event.read",
            P::UsageRead => "usage.read",
            P::SensorRead => "sensor.read",
            P::SensorManage => "sensor.manage",
            P::PeopleManage => "people.manage",
            P::TokenManage => "token.manage",
            P::SettingRead => "setting.read",
            P::SettingWrite => "setting.write",
            P::ChannelManage => "channel.manage",
            P::IntegrationManage => "integration.manage",
            P::AuditRead => "audit.read",
            P::Export => "export",
        }
    }
}

/// What a person is to the monitor.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    #[default]
    Viewer,
    ClinicalEngineer,
    SecurityAnalyst,
    NetworkEngineer,
    Auditor,
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 6] = [
        Role::Viewer,
        Role::ClinicalEngineer,
        Role::SecurityAnalyst,
        Role::NetworkEngineer,
        Role::Auditor,
        Role::Administrator,
    ];

    /// As in output.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::ClinicalEngineer => "clinical-engineer",
            Role::SecurityAnalyst => "security-analyst",
            Role::NetworkEngineer => "network-engineer",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
        }
    }

    /// What the role may do.
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Role::Viewer => &[P::DeviceRead, P::EventRead, P::UsageRead],
            Role::ClinicalEngineer => &[
                P::DeviceRead,
                P::DeviceAnnotate,
                P::DeviceIdentity,
                P::PlaceWrite,
                P::EventRead,
                P::UsageRead,
                P::SensorRead,
                P::IntegrationManage,
                P::TokenManage,
                P::Export,
            ],
            Role::SecurityAnalyst => &[
                P::DeviceRead,
                P::DeviceAnnotate,
                P::DeviceIdentity,
                P::EventRead,
                P::UsageRead,
                P::SensorRead,
                P::SettingRead,
                P::ChannelManage,
                P::TokenManage,
                P::Export,
            ],
            Role::NetworkEngineer => &[
                P::DeviceRead,
                P::DeviceAnnotate,
                P::DeviceIdentity,
                P::PlaceWrite,
                P::EventRead,
                P::UsageRead,
                P::SensorRead,
                P::SensorManage,
                P::SettingRead,
                P::IntegrationManage,
                P::TokenManage,
                P::Export,
            ],
            Role::Auditor => &[
                P::DeviceRead,
                P::EventRead,
                P::UsageRead,
                P::SensorRead,
                P::SettingRead,
                P::AuditRead,
                P::Export,
            ],
            Role::Administrator => &Permission::ALL,
        }
    }

    /// Whether the role may do that.
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }
}

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it is for everybody.
    Nothing,
    /// To be signed in.
    SignedIn,
    /// A permission; lists and details are narrowed to the caller's sites.
    May(Permission),
    /// A permission, and to be responsible for all sites: what it touches belongs to none.
    MayEverywhere(Permission),
    /// To ask from the machine itself, or a permission.
    LocalOr(Permission),
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub method: &'static str,
    /// As routed, with parameters in braces.
    pub path: &'static str,
    pub need: Need,
    /// What the audit trail calls it; none where it changes and gives away nothing.
    pub action: Option<&'static str>,
}

const fn row(method: &'static str, path: &'static str, need: Need) -> Entry {
    Entry { method, path, need, action: None }
}

const fn act(method: &'static str, path: &'static str, need: Need, action: &'static str) -> Entry {
    Entry { method, path, need, action: Some(action) }
}

const DEVICE: Need = Need::May(P::DeviceRead);
const PLACE: Need = Need::MayEverywhere(P::PlaceWrite);
const PEOPLE: Need = Need::MayEverywhere(P::PeopleManage);
const TOKEN: Need = Need::May(P::TokenManage);
const CHANNEL: Need = Need::MayEverywhere(P::ChannelManage);
const INTEGRATION: Need = Need::MayEverywhere(P::IntegrationManage);
const IDENTITY: Need = Need::May(P::DeviceIdentity);
const AUDIT: Need = Need::MayEverywhere(P::AuditRead);
const SETTING: Need = Need::MayEverywhere(P::SettingWrite);

/// Every route of the interface with what it asks for.
pub const TABLE: &[Entry] = &[
    row("GET", "/healthz", Need::Nothing),
    row("GET", "/readyz", Need::Nothing),
    row("GET", "/metrics", Need::LocalOr(P::SensorRead)),
    row("GET", "/api/v1/openapi.json", Need::Nothing),
    row("GET", "/api/v1/session", Need::Nothing),
    row("POST", "/api/v1/session", Need::Nothing),
    act("DELETE", "/api/v1/session", Need::SignedIn, "session.end"),
    act("POST", "/api/v1/session/password", Need::SignedIn, "password.change"),
    act("POST", "/api/v1/session/totp", Need::SignedIn, "totp.prepare"),
    act("PUT", "/api/v1/session/totp", Need::SignedIn, "totp.enable"),
    act("DELETE", "/api/v1/session/totp", Need::SignedIn, "totp.disable"),
    row("GET", "/api/v1/session/oidc", Need::Nothing),
    row("GET", "/api/v1/session/oidc/callback", Need::Nothing),
    row("GET", "/api/v1/overview", DEVICE),
    row("GET", "/api/v1/devices", DEVICE),
    row("GET", "/api/v1/devices/facets", DEVICE),
    row("GET", "/api/v1/devices/complete", DEVICE),
    act("GET", "/api/v1/devices/export", Need::May(P::Export), "export.devices"),
    act("POST", "/api/v1/devices/bulk", Need::May(P::DeviceAnnotate), "device.annotate-many"),
    act("POST", "/api/v1/devices/merge", IDENTITY, "device.merge"),
    row("GET", "/api/v1/missing", DEVICE),
    row("GET", "/api/v1/devices/{id}", DEVICE),
    act("PATCH", "/api/v1/devices/{id}", Need::May(P::DeviceAnnotate), "device.annotate"),
    row("GET", "/api/v1/devices/{id}/why/{attribute}", DEVICE),
    row("GET", "/api/v1/devices/{id}/conversations", DEVICE),
    row("GET", "/api/v1/devices/{id}/peers", DEVICE),
    row("GET", "/api/v1/devices/{id}/volume", DEVICE),
    row("GET", "/api/v1/devices/{id}/activity", Need::May(P::UsageRead)),
    row("GET", "/api/v1/devices/{id}/use", Need::May(P::UsageRead)),
    row("GET", "/api/v1/devices/{id}/history", DEVICE),
    row("GET", "/api/v1/devices/{id}/stays", DEVICE),
    row("GET", "/api/v1/devices/{id}/events", Need::May(P::EventRead)),
    act("POST", "/api/v1/devices/{id}/split", IDENTITY, "device.split"),
    row("GET", "/api/v1/devices/{id}/findings", DEVICE),
    row("GET", "/api/v1/findings", DEVICE),
    row("GET", "/api/v1/findings/topics", DEVICE),
    row("GET", "/api/v1/findings/counts", DEVICE),
    row("GET", "/api/v1/findings/{id}", DEVICE),
    row("GET", "/api/v1/decisions", DEVICE),
    act("DELETE", "/api/v1/decisions/{number}", IDENTITY, "decision.undo"),
    row("GET", "/api/v1/conversations", DEVICE),
    row("GET", "/api/v1/map", DEVICE),
    row("GET", "/api/v1/protocols", DEVICE),
    row("GET", "/api/v1/places", DEVICE),
    act("POST", "/api/v1/places", PLACE, "place.create"),
    act("PUT", "/api/v1/places/{id}", PLACE, "place.change"),
    act("DELETE", "/api/v1/places/{id}", PLACE, "place.remove"),
    row("GET", "/api/v1/places/{id}/devices", DEVICE),
    row("GET", "/api/v1/places/{id}/visitors", DEVICE),
    row("GET", "/api/v1/usage", Need::May(P::UsageRead)),
    row("GET", "/api/v1/events", Need::May(P::EventRead)),
    row("GET", "/api/v1/stream", Need::May(P::EventRead)),
    row("GET", "/api/v1/sensors", Need::May(P::SensorRead)),
    row("GET", "/api/v1/coverage", Need::May(P::SensorRead)),
    act("POST", "/api/v1/sensors/invite", Need::May(P::SensorManage), "sensor.invite"),
    act("DELETE", "/api/v1/sensors/{name}", Need::May(P::SensorManage), "sensor.remove"),
    row("GET", "/api/v1/invitations", Need::May(P::SensorManage)),
    act("DELETE", "/api/v1/invitations/{id}", Need::May(P::SensorManage), "sensor.withdraw"),
    row("GET", "/api/v1/views", DEVICE),
    act("POST", "/api/v1/views", DEVICE, "view.create"),
    act("DELETE", "/api/v1/views/{id}", DEVICE, "view.remove"),
    row("GET", "/api/v1/people", PEOPLE),
    act("POST", "/api/v1/people", PEOPLE, "person.create"),
    act("PUT", "/api/v1/people/{name}", PEOPLE, "person.change"),
    act("DELETE", "/api/v1/people/{name}", PEOPLE, "person.remove"),
    row("GET", "/api/v1/tokens", TOKEN),
    act("POST", "/api/v1/tokens", TOKEN, "token.create"),
    act("DELETE", "/api/v1/tokens/{id}", TOKEN, "token.remove"),
    row("GET", "/api/v1/settings/retention", Need::May(P::SettingRead)),
    act("PUT", "/api/v1/settings/retention", SETTING, "setting.retention"),
    row("GET", "/api/v1/settings/sizes", Need::May(P::SettingRead)),
    row("GET", "/api/v1/settings/general", Need::SignedIn),
    act("PUT", "/api/v1/settings/general", SETTING, "setting.general"),
    row("GET", "/api/v1/settings/oidc", SETTING),
    act("PUT", "/api/v1/settings/oidc", SETTING, "setting.oidc"),
    act("POST", "/api/v1/settings/oidc/test", SETTING, "setting.oidc-test"),
    row("GET", "/api/v1/channels", CHANNEL),
    act("POST", "/api/v1/channels", CHANNEL, "channel.create"),
    act("PUT", "/api/v1/channels/{id}", CHANNEL, "channel.change"),
    act("DELETE", "/api/v1/channels/{id}", CHANNEL, "channel.remove"),
    act("POST", "/api/v1/channels/{id}/test", CHANNEL, "channel.test"),
    row("GET", "/api/v1/integrations", INTEGRATION),
    act("POST", "/api/v1/integrations", INTEGRATION, "integration.create"),
    act("DELETE", "/api/v1/integrations/{id}", INTEGRATION, "integration.remove"),
    act("POST", "/api/v1/cmms/import", INTEGRATION, "cmms.import"),
    row("GET", "/api/v1/cmms/reconcile", INTEGRATION),
    act("POST", "/api/v1/locations", INTEGRATION, "location.report"),
    row("GET", "/api/v1/audit", AUDIT),
    row("GET", "/api/v1/audit/verify", AUDIT),
];

/// The row of a route; `None` where the table does not know it, and it must be refused.
pub fn entry(method: &str, path: &str) -> Option<&'static Entry> {
    // HEAD is GET without the body.
    let method = if method == "HEAD" { "GET" } else { method };
    TABLE.iter().find(|entry| entry.method == method && entry.path == path)
}
