//! People, sessions, tokens: who somebody is.

pub mod first_run;
pub mod guess;
pub mod identity_token;
pub mod keep;
pub mod oidc;
pub mod password;
pub mod person;
pub mod session;
pub mod token;
pub mod totp;
