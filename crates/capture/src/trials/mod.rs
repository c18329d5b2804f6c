//! Tests of the whole way from bytes to frames.

mod breakage;
mod formats;
mod inputs;
mod unlike;
