//! A core that remembers what it was asked.

use std::sync::Mutex;

use async_trait::async_trait;
use medward_api::{Invitation, Live, LiveError, OpenInvitation};
use medward_model::Timestamp;
use medward_monitor::{Asset, DecisionRecord, Position};

/// Remembers what it was asked, by name.
#[derive(Default)]
pub struct Remembering(pub Mutex<Vec<String>>);

impl Remembering {
    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

#[async_trait]
impl Live for Remembering {
    async fn metrics(&self) -> String {
        "medward_packets_total 42\n".to_owned()
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    async fn invite(&self, site: &str, name: &str) -> Result<Invitation, LiveError> {
        self.note(format!("invite {site} {name}"));
        Ok(Invitation { token: "once".to_owned(), command: format!("medward sensor --name {name}") })
    }

    async fn invitations(&self) -> Result<Vec<OpenInvitation>, LiveError> {
        let open = |id: &str, site: &str| OpenInvitation {
            id: id.to_owned(),
            site: site.to_owned(),
            name: format!("{site}-2"),
            expires: Timestamp::from_parts(2_000_000_000, 0),
        };
        Ok(vec![open("0000000000000000", "north"), open("1111111111111111", "south")])
    }

    async fn withdraw(&self, id: &str) -> Result<bool, LiveError> {
        self.note(format!("withdraw {id}"));
        Ok(true)
    }

    async fn dismiss(&self, sites: Option<&[String]>, name: &str) -> Result<u64, LiveError> {
        self.note(format!("dismiss {name} at {}", sites.map_or("all".to_owned(), |sites| sites.join(","))));
        Ok(u64::from(name == "north-1"))
    }

    async fn decided(&self, record: &DecisionRecord) -> Result<(), LiveError> {
        self.note(format!("decided {}", record.number));
        Ok(())
    }

    async fn undone(&self, record: &DecisionRecord) -> Result<(), LiveError> {
        self.note(format!("undone {}", record.number));
        Ok(())
    }

    async fn locate(&self, site: &str, positions: Vec<Position>) -> Result<(), LiveError> {
        self.note(format!("locate {site} {}", positions.len()));
        Ok(())
    }

    async fn take_inventory(&self, source: &str, rows: Vec<Asset>) -> Result<u64, LiveError> {
        self.note(format!("inventory {source} {}", rows.len()));
        Ok(rows.len() as u64)
    }
}
