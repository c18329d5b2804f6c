//! Policy: what may talk to what, as text that people review, compiled to rules and proven.
//!
//! Pure: text, devices and the time in; rules, findings and proofs out.
#![forbid(unsafe_code)]

mod check;
mod checks;
mod compile;
mod existing;
mod language;
mod learn;
mod meaning;
mod mud;
mod plan;
mod ports;
mod prove;
mod reading_back;
mod ruleset;
mod simulate;
mod space;
mod targets;
mod zones;

pub use check::{Code, Concern, Weight, check};
pub use checks::{
    CHECKS, Check, Clock, Consent, Essential, EssentialKind, Level, Limits, Opinion, Path, Situation,
    opinions,
};
pub use compile::{Lifted, Source, Stages};
pub use existing::{Family, ReadError, cisco, iptables, nft_json, nft_text};
pub use language::{
    BreakGlass, Conduit, Duty, Ends, Error, Errors, Fail, Invariant, Kind, Members, Place, Policy, Rate,
    SCHEMA, Service, Stage, StatedBy, Treatment, Window, Zone,
};
pub use learn::{Categories, Cause, LEARNED_SCHEMA, Learned, Learning, Learnt, Superfluous};
pub use meaning::{Meaning, Purpose};
pub use mud::{Allowed, Declared, DeclaredRow, Mud, MudError, MudNote, Opener, Peer, Peers, Usage};
pub use plan::{
    Affected, Canary, Change, Changed, Draft, FirstPartError, Line, PLAN_SCHEMA, Plan, PlanId, ReadPlanError,
    Step, ZoneShare, digest, text_digest,
};
pub use ports::{Ports, UsualPorts};
pub use prove::{
    Answer, Decider, Difference, PROOF_SCHEMA, Passing, Proof, Prover, Question, Sameness, Standing,
};
pub use reading_back::services_of;
pub use ruleset::{Action, Condition, Note, Origin, Reading, Rule, Ruleset};
pub use simulate::{Fate, SIMULATION_SCHEMA, Simulation, Simulator, Struck, Total};
pub use space::{
    Addresses, Forest, ICMP, ICMPV6, Map, Packet, Point, Prefix, Ranges, SCTP, Services, Set, TCP, UDP,
    address, addresses_text, any_service, has_ports, link_control, network, place, port_range, prefixes,
    protocol, protocol_name, protocol_number, services_text, single, v4, v6,
};
pub use targets::{
    Artefact, Cannot, Capabilities, Layer, Settings, TABLE, TARGETS, Target, first_end, removal, target,
    with_ends_as_conditions,
};
pub use zones::{Belief, Contested, Ground, Holding, Membership, Seat, Term};
