//! Names of services, object types and properties (ASHRAE 135, clause 21), as far as activity shows them.

/// Confirmed services.
pub(super) fn confirmed(choice: u8) -> &'static str {
    match choice {
        0 => "AcknowledgeAlarm",
        1 => "ConfirmedCOVNotification",
        2 => "ConfirmedEventNotification",
        3 => "GetAlarmSummary",
        4 => "GetEnrollmentSummary",
        5 => "SubscribeCOV",
        6 => "AtomicReadFile",
        7 => "AtomicWriteFile",
        8 => "AddListElement",
        9 => "RemoveListElement",
        10 => "CreateObject",
        11 => "DeleteObject",
        12 => "ReadProperty",
        14 => "ReadPropertyMultiple",
        15 => "WriteProperty",
        16 => "WritePropertyMultiple",
        17 => "DeviceCommunicationControl",
        18 => "ConfirmedPrivateTransfer",
        19 => "ConfirmedTextMessage",
        20 => "ReinitializeDevice",
        21 => "VT-Open",
        22 => "VT-Close",
        23 => "VT-Data",
        26 => "ReadRange",
        27 => "LifeSafetyOperation",
        28 => "SubscribeCOVProperty",
        29 => "GetEventInformation",
        30 => "SubscribeCOVPropertyMultiple",
        31 => "ConfirmedCOVNotificationMultiple",
        32 => "ConfirmedAuditNotification",
        33 => "AuditLogQuery",
        _ => "",
    }
}

/// Unconfirmed services.
pub(super) fn unconfirmed(choice: u8) -> &'static str {
    match choice {
        0 => "I-Am",
        1 => "I-Have",
        2 => "UnconfirmedCOVNotification",
        3 => "UnconfirmedEventNotification",
        4 => "UnconfirmedPrivateTransfer",
        5 => "UnconfirmedTextMessage",
        6 => "TimeSynchronization",
        7 => "Who-Has",
        8 => "Who-Is",
        9 => "UTCTimeSynchronization",
        10 => "WriteGroup",
        11 => "UnconfirmedCOVNotificationMultiple",
        12 => "UnconfirmedAuditNotification",
        13 => "Who-Am-I",
        14 => "You-Are",
        _ => "",
    }
}

/// `analog-input 3`.
pub(super) fn object((kind, instance): (u16, u32)) -> String {
    let name = match kind {
        0 => "analog-input",
        1 => "analog-output",
        2 => "analog-value",
        3 => "binary-input",
        4 => "binary-output",
        5 => "binary-value",
        6 => "calendar",
        7 => "command",
        8 => "device",
        9 => "event-enrollment",
        10 => "file",
        11 => "group",
        12 => "loop",
        13 => "multi-state-input",
        14 => "multi-state-output",
        15 => "notification-class",
        16 => "program",
        17 => "schedule",
        18 => "averaging",
        19 => "multi-state-value",
        20 => "trend-log",
        21 => "life-safety-point",
        22 => "life-safety-zone",
        23 => "accumulator",
        56 => "network-port",
        _ => return format!("object-type-{kind} {instance}"),
    };
    format!("{name} {instance}")
}

/// The property's name, or its number.
pub(super) fn property(id: u32) -> String {
    let name = match id {
        8 => "all",
        11 => "apdu-timeout",
        12 => "application-software-version",
        28 => "description",
        36 => "event-state",
        44 => "firmware-revision",
        56 => "local-date",
        57 => "local-time",
        58 => "location",
        62 => "max-apdu-length-accepted",
        70 => "model-name",
        75 => "object-identifier",
        76 => "object-list",
        77 => "object-name",
        79 => "object-type",
        81 => "out-of-service",
        85 => "present-value",
        87 => "priority-array",
        96 => "protocol-object-types-supported",
        97 => "protocol-services-supported",
        98 => "protocol-version",
        103 => "reliability",
        104 => "relinquish-default",
        107 => "segmentation-supported",
        111 => "status-flags",
        112 => "system-status",
        117 => "units",
        120 => "vendor-identifier",
        121 => "vendor-name",
        123 => "weekly-schedule",
        131 => "log-buffer",
        139 => "protocol-revision",
        152 => "active-cov-subscriptions",
        155 => "database-revision",
        372 => "serial-number",
        _ => return format!("property {id}"),
    };
    name.to_owned()
}
