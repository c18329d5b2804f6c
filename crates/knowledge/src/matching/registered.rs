//! What the register of unique device identifiers (GUDID) says of a device, by the UDI that it carries.

use medward_model::DeviceIdentifier;

use super::base::Base;
use super::subject::{Known, Subject};
use crate::udi::Udi;

impl Base {
    /// What is registered under the device identifier of a UDI.
    pub fn registered(&self, udi: &str) -> Option<&DeviceIdentifier> {
        self.identifiers.get(Udi::read(udi)?.di.as_str()).map(|identifier| &**identifier)
    }

    /// Puts in what the register says and the device itself does not: maker, model, catalogue number, FDA's product codes.
    pub fn complete(&self, subject: &mut Subject) {
        let Some(udi) = &subject.udi else { return };
        let Some(registered) = self.registered(&udi.value) else { return };
        let known = |value: &str| {
            (!value.trim().is_empty()).then(|| Known { value: value.to_owned(), confidence: udi.confidence })
        };
        let (brand, model) = (registered.brand.trim(), registered.model.trim());
        let named = match (brand, model) {
            (brand, model) if brand.to_lowercase().contains(&model.to_lowercase()) => brand.to_owned(),
            ("", model) => model.to_owned(),
            (brand, model) => format!("{brand} {model}"),
        };
        let (maker, named) = (known(&registered.company), known(&named));
        // A maker's name of its own and a model of the register would be two halves of two devices.
        if subject.model.is_none() {
            subject.model = named;
            subject.vendor = maker.or(subject.vendor.take());
        }
        if subject.catalog_number.is_none() {
            subject.catalog_number = registered.catalog_number.as_deref().map(str::to_owned);
        }
        subject.product_codes = registered.product_codes.iter().map(|code| code.to_string()).collect();
    }
}

/// What is registered, as it stands beside a device: "registered as" → "FlowLine 500 by Northview Medical (DI 0…)".
pub fn registration(registered: &DeviceIdentifier) -> Vec<(String, String)> {
    let name = [&*registered.brand, &*registered.model].join(" ");
    let mut all = vec![(
        "registered as".to_owned(),
        format!("{} by {} (DI {})", name.trim(), registered.company, registered.di),
    )];
    if !registered.product_codes.is_empty() {
        all.push(("FDA product code".to_owned(), registered.product_codes.join(", ")));
    }
    if let Some(day) = registered.distribution_end {
        all.push(("distribution ended".to_owned(), day.to_string()));
    }
    all
}
