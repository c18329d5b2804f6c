//! The dissectors of this folder, one file each.

mod bacnet;
mod fox;
mod knx;
mod modbus;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[&bacnet::BACNET, &fox::FOX, &knx::KNX, &modbus::MODBUS];
