//! The words that a policy chooses from.

use serde::Serialize;

/// Makes an enum of words with their list and the way from and to text.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$word_doc])* $word),+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$word),+];

            /// As in the text.
            pub const fn name(self) -> &'static str {
                match self { $($name::$word => $text),+ }
            }

            /// The one of that name.
            pub fn by_name(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|word| word.name() == text)
            }
        }
    };
}

words! {
    /// How far a zone has come. Each step is a person's decision.
    Stage {
        /// Nothing is done.
        Observe = "observe",
        /// Conduits are being learned; nothing is done.
        Learn = "learn",
        /// What would be cut is counted; nothing is done.
        Simulate = "simulate",
        /// What would be cut raises an alert, and passes.
        Alert = "alert",
        /// What is not listed is cut.
        Enforce = "enforce",
    }
}

words! {
    /// What a zone is for.
    Kind {
        /// Devices of care.
        Clinical = "clinical",
        /// Name service, address assignment, time, gateways.
        Infrastructure = "infrastructure",
        /// Workstations and servers.
        It = "it",
        /// Building control.
        Building = "building",
        /// Guests' devices.
        Guest = "guest",
        /// Staff's own devices.
        Byod = "byod",
        /// Makers' and service firms' access.
        Vendor = "vendor",
        /// Where what may talk to nobody is kept.
        Quarantine = "quarantine",
        /// Outside of the site.
        External = "external",
    }
}

words! {
    /// What an enforcement point does when it cannot decide.
    Fail {
        /// Lets pass.
        Open = "open",
        /// Cuts.
        Closed = "closed",
    }
}

words! {
    /// Who says that a conduit is needed.
    StatedBy {
        /// It was seen.
        Learned = "learned",
        /// The maker's usage description (RFC 8520).
        Mud = "mud",
        /// The maker's disclosure statement.
        Mds2 = "mds2",
        /// A person.
        Person = "person",
    }
}
