//! How people's words weigh on events: how critical a device is to them, what it is worth, when it is worked on.

use medward_model::{Severity, Timestamp};

use crate::{Annotation, Event, EventKind, Maintenance, worth};

/// By how many levels an event is graver (or, below zero, less grave) of a device with criticality 1, 2, 3, 4, 5.
///
/// This table is all there is to it; the guide shows it, too.
const STEPS: [(EventKind, [i8; 5]); 6] = [
    (EventKind::Missing, [-2, -1, 0, 1, 2]),
    (EventKind::Downgraded, [-1, -1, 0, 1, 1]),
    (EventKind::SerialChanged, [-1, -1, 0, 1, 1]),
    (EventKind::AttributeChanged, [-1, 0, 0, 0, 1]),
    (EventKind::NewService, [-1, -1, 0, 1, 1]),
    (EventKind::NewPeer, [-1, -1, 0, 1, 1]),
];

/// What is expected while a device is worked on.
const EXPECTED: [EventKind; 8] = [
    EventKind::AttributeChanged,
    EventKind::Upgraded,
    EventKind::Downgraded,
    EventKind::SerialChanged,
    EventKind::NewService,
    EventKind::NewPeer,
    EventKind::Moved,
    EventKind::Reappeared,
];

/// Severities from the least.
const LEVELS: [Severity; 5] =
    [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// What people said of a device that weighs on what is told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// 1 (least) to 5 (life depends on it).
    pub criticality: Option<u8>,
    pub value: Option<u64>,
    pub currency: Option<String>,
    pub maintenance: Vec<Maintenance>,
}

impl Said {
    /// From an annotation; `None` where nothing in it weighs.
    pub fn of(annotation: &Annotation) -> Option<Said> {
        let said = Said {
            criticality: annotation.criticality,
            value: annotation.value,
            currency: annotation.value.and_then(|_| annotation.currency.clone()),
            maintenance: annotation.maintenance.clone(),
        };
        (said != Said::default()).then_some(said)
    }

    /// The maintenance that goes on.
    pub fn planned(&self, now: Timestamp) -> Option<&Maintenance> {
        self.maintenance.iter().find(|one| one.from <= now && now < one.until)
    }

    /// When the last maintenance ended: silence before does not count.
    pub fn counted_from(&self, now: Timestamp) -> Timestamp {
        self.maintenance.iter().map(|one| one.until).filter(|end| *end <= now).max().unwrap_or(Timestamp::MIN)
    }

    /// What it is worth, in words: "4,500 EUR".
    pub fn worth(&self) -> Option<String> {
        self.value.map(|value| worth(value, self.currency.as_deref()))
    }

    /// Makes an event of the device as grave as people see it.
    pub(crate) fn weigh(&self, event: &mut Event) {
        if let Some(planned) = self.planned(event.at).filter(|_| EXPECTED.contains(&event.kind)) {
            event.severity = Severity::Info;
            event.title.push_str(" (during planned maintenance)");
            let reason = if planned.reason.is_empty() { "planned" } else { &planned.reason };
            event.details.insert("maintenance".to_owned(), reason.to_owned());
            return;
        }
        event.severity = weighed(event.kind, event.severity, self.criticality);
    }
}

/// The severity of an event of a device with that criticality.
fn weighed(kind: EventKind, severity: Severity, criticality: Option<u8>) -> Severity {
    let steps = STEPS.iter().find(|(of, _)| *of == kind).map(|(_, steps)| steps);
    let step = criticality
        .and_then(|criticality| usize::from(criticality).checked_sub(1))
        .and_then(|at| steps?.get(at).copied())
        .unwrap_or(0);
    let level = LEVELS.iter().position(|level| *level == severity).unwrap_or(0);
    let level = level.saturating_add_signed(isize::from(step)).min(LEVELS.len() - 1);
    LEVELS.get(level).copied().unwrap_or(severity)
}

#[cfg(test)]
mod tests {
    use medward_model::{Severity, Timestamp};

    use super::{STEPS, Said, weighed};
    use crate::{Event, EventKind, Maintenance};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_parts(seconds, 0)
    }

    fn event(kind: EventKind, seconds: i64) -> Event {
        Event {
            number: 0,
            at: at(seconds),
            site: "main".into(),
            kind,
            severity: Severity::Medium,
            device: None,
            title: "It".into(),
            details: Default::default(),
        }
    }

    #[test]
    fn the_more_critical_the_graver() {
        for (kind, steps) in STEPS {
            assert!(steps.is_sorted(), "{}", kind.name());
            assert_eq!(weighed(kind, Severity::Medium, None), Severity::Medium);
            assert_eq!(weighed(kind, Severity::Medium, Some(3)), Severity::Medium);
        }
        assert_eq!(weighed(EventKind::Missing, Severity::Medium, Some(5)), Severity::Critical);
        assert_eq!(weighed(EventKind::Missing, Severity::High, Some(5)), Severity::Critical);
        assert_eq!(weighed(EventKind::Missing, Severity::Low, Some(1)), Severity::Info);
        assert_eq!(weighed(EventKind::NewPeer, Severity::Low, Some(4)), Severity::Medium);
        // Of what people do not weigh, the severity stays, as with a number that is none.
        assert_eq!(weighed(EventKind::FirstSeen, Severity::Info, Some(5)), Severity::Info);
        assert_eq!(weighed(EventKind::Missing, Severity::Low, Some(200)), Severity::Low);
        assert_eq!(weighed(EventKind::Missing, Severity::Low, Some(0)), Severity::Low);
    }

    #[test]
    fn change_while_it_is_worked_on_is_expected() {
        let said = Said {
            criticality: Some(5),
            maintenance: vec![Maintenance { from: at(100), until: at(200), reason: "yearly".into() }],
            ..Said::default()
        };
        let mut during = event(EventKind::Downgraded, 150);
        said.weigh(&mut during);
        assert_eq!((during.severity, &*during.details["maintenance"]), (Severity::Info, "yearly"));
        assert_eq!(during.title, "It (during planned maintenance)");
        let mut after = event(EventKind::Downgraded, 200);
        said.weigh(&mut after);
        assert_eq!((after.severity, after.details.len()), (Severity::High, 0));
        assert_eq!((said.counted_from(at(150)), said.counted_from(at(200))), (Timestamp::MIN, at(200)));
    }
}
