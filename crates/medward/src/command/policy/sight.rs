//! Devices and conversations, from captures or from what a monitor stored.

use std::collections::BTreeMap;
use std::path::PathBuf;

use medward_identify::Catalog;
use medward_model::{Conversation, Device, DeviceId, Timestamp};
use medward_policy::{Categories, Ground, Lifted, Membership, Policy, Source, Stages, UsualPorts};
use medward_query::Standing;

use super::{Looking, stored};
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::reading;

/// What is known of a site.
pub struct Sight {
    pub devices: Vec<Device>,
    pub standings: BTreeMap<DeviceId, Standing>,
    /// Of captures; those that a monitor stored are read one after the other ([`Sight::each`]).
    conversations: Vec<Conversation>,
    database: Option<String>,
    pub now: Timestamp,
    pub exit: Exit,
    pub catalog: Catalog,
}

impl Sight {
    /// Looks. Nothing is seen where neither captures nor a monitor is named.
    pub fn of(files: &[PathBuf], looking: &Looking, common: &Common) -> anyhow::Result<Option<Sight>> {
        let catalog = reading::catalog(looking.reading.catalog.as_deref())?;
        let database = match (&looking.data, &looking.database) {
            (_, Some(url)) => Some(url.clone()),
            (Some(folder), None) => Some(stored::place(folder)?),
            (None, None) => None,
        };
        if database.is_some() && !files.is_empty() {
            return Err(Failure::usage("give captures, or --data or --database, not both"));
        }
        if let Some(place) = database {
            let now = common.now.unwrap_or_else(crate::clock::now);
            let (devices, standings) = stored::devices(&place, now)?;
            let conversations = Vec::new();
            let database = Some(place);
            let exit = Exit::Done;
            return Ok(Some(Sight { devices, standings, conversations, database, now, exit, catalog }));
        }
        if files.is_empty() {
            return Ok(None);
        }
        let (assessment, exit) = reading::assess(files, &looking.reading, &catalog, common, None)?;
        let now = common.now.or(assessment.capture.last).unwrap_or_else(crate::clock::now);
        Ok(Some(Sight {
            devices: assessment.devices,
            standings: BTreeMap::new(),
            conversations: assessment.conversations,
            database: None,
            now,
            exit,
            catalog,
        }))
    }

    /// The same, where something must be seen.
    pub fn needed(files: &[PathBuf], looking: &Looking, common: &Common) -> anyhow::Result<Sight> {
        Sight::of(files, looking, common)?.ok_or_else(|| {
            Failure::usage("from what? Give captures, --data DIR of a monitor, or --database URL")
        })
    }

    /// Nothing seen.
    pub fn nothing(common: &Common) -> anyhow::Result<Sight> {
        Ok(Sight {
            devices: Vec::new(),
            standings: BTreeMap::new(),
            conversations: Vec::new(),
            database: None,
            now: common.now.unwrap_or_else(crate::clock::now),
            exit: Exit::Done,
            catalog: reading::catalog(None)?,
        })
    }

    /// Each conversation, without keeping them.
    pub fn each(&self, mut take: impl FnMut(&Conversation)) -> anyhow::Result<()> {
        match &self.database {
            Some(place) => stored::conversations(place, &mut take),
            None => {
                self.conversations.iter().for_each(take);
                Ok(())
            }
        }
    }

    /// All conversations.
    pub fn conversations(&self) -> anyhow::Result<Vec<Conversation>> {
        let mut all = Vec::new();
        self.each(|talk| all.push(talk.clone()))?;
        Ok(all)
    }

    /// What the zones of a policy hold.
    pub fn ground(&self, policy: &Policy) -> (Membership, Ground) {
        let membership = Membership::assign(policy, &self.devices, &self.standings, self.now);
        let ground = Ground::of(policy, &membership, &self.devices);
        (membership, ground)
    }

    /// The policy as it is compiled here.
    pub fn source<'s>(&self, policy: &'s Policy, ground: &'s Ground, stages: Stages) -> Source<'s> {
        const NOTHING: &[Lifted] = &[];
        Source { policy, ground, ports: &UsualPorts, now: self.now, stages, lifted: NOTHING }
    }
}

/// The catalogue's groups of kinds.
pub struct Kinds<'c>(pub &'c Catalog);

impl Categories for Kinds<'_> {
    fn group(&self, category: &str) -> Option<&str> {
        self.0.category(category).map(|category| category.group.as_str())
    }
}
