//! What several dissectors say of how a service is used: logins and patients in the clear.
//!
//! These are statements of fact about one service (`Context::of_service`): "a password crossed the network in clear". Whether that is good or bad is decided elsewhere.
//!
//! No user name, password, community string or patient's value is part of any of them: a login says its mechanism, a
//! known default says product and user of its entry in `catalog/default-credentials.toml` and whether it was let in, patient fields
//! say that they were there. Limits: a known default whose outcome is not seen is not told.

use medward_model::{Field, Outcome};

use crate::{Context, Side};

/// A login in clear.
pub(crate) static CLEAR_LOGIN: Field = Field::fact(
    "clear-login",
    "Service: a password crossed the network in clear: the mechanism; neither user nor password",
);
/// Let in without credentials.
pub(crate) static OPEN_LOGIN: Field =
    Field::fact("open-login", "Service: let somebody in who showed no credentials of their own: mechanism");
/// A factory default was shown.
pub(crate) static DEFAULT_LOGIN: Field = Field::fact(
    "default-login",
    "Service: a login equal to a known factory default: product and user of default-credentials.toml, and outcome",
);
/// Patient fields in clear.
pub(crate) static CLEAR_PATIENT: Field = Field::fact(
    "clear-patient",
    "Service: where patient-identifying fields that were not empty crossed the network in clear; never their values",
);

/// A login with a password in clear at the service of `server`, and the factory default that it was, if one and if it is known
/// whether it was let in.
pub(crate) fn clear_login(
    server: Side,
    mechanism: &str,
    default: Option<&'static str>,
    outcome: Outcome,
    cx: &mut Context<'_>,
) {
    cx.of_service(server, &CLEAR_LOGIN, mechanism);
    let how = match outcome {
        Outcome::Success => "accepted",
        Outcome::Failure => "refused",
        Outcome::Unknown => return,
    };
    if let Some(product) = default {
        cx.of_service(server, &DEFAULT_LOGIN, &format!("{product}, {how}"));
    }
}
