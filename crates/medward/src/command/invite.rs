//! `medward invite`: lets sensors in and takes their right to report away, without a browser.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use medward_monitor::{AuditEntry, Store};
use medward_store::Database;
use medward_transport::Authority;
use serde_json::{Value, json};

use crate::asking::{Asking, ServerArguments, escaped};
use crate::cli::{Common, PlainFormat};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::server::{GuestError, Guests, StoredBook, sensor_command, sensors_place};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward invite sensor ward-3 --site north --data /var/lib/medward\n  medward invite list --data /var/lib/medward\n  medward invite revoke ward-3 --site north --data /var/lib/medward\n  medward invite sensor ward-3 --server https://medward.example:8443 --token-file token --ca medward-ca.pem\n\nThe monitor may run meanwhile: an invitation is good at once, and what is revoked reports no more. An invitation is good once, for a day; its text is a secret until then.\n\nExit 2: asked wrongly; 4: nothing of that name, or no monitor's data there; 5: the monitor does not answer, or does not let the token in."
)]
pub struct InviteArguments {
    #[command(subcommand)]
    pub command: InviteCommand,
    /// Directory of the monitor (default: medward-data), where this is its machine.
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "server")]
    pub data: Option<PathBuf>,
    /// PostgreSQL instead of SQLite in the data directory.
    #[arg(long, global = true, value_name = "URL", conflicts_with = "server")]
    pub database: Option<String>,
    #[arg(long, short, global = true, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    #[command(flatten)]
    pub server: ServerArguments,
}

#[derive(Debug, Subcommand)]
pub enum InviteCommand {
    /// Make an invitation for a new sensor, and say what to run on its machine.
    Sensor {
        /// What it is to be called: lowercase letters, digits, hyphens.
        #[arg(value_name = "NAME")]
        name: String,
        /// The site that it will report for.
        #[arg(long, value_name = "NAME", default_value = "main")]
        site: String,
        /// Where it reaches the monitor, where that is not what the monitor was started with. The host must be a name of the
        /// monitor (`medward serve --name`).
        #[arg(long, value_name = "HOST:PORT", conflicts_with = "server")]
        core: Option<String>,
    },
    /// Invitations that nobody has used yet, and the sensors that report.
    List,
    /// Take open invitations of a sensor back, and its right to report.
    Revoke {
        #[arg(value_name = "NAME")]
        name: String,
        /// Only the sensor of this site; without it, those of that name at all sites.
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
    },
}

pub fn run(arguments: &InviteArguments, common: &Common) -> anyhow::Result<Exit> {
    if let InviteCommand::Sensor { name, site, core } = &arguments.command {
        check("NAME", name)?;
        check("--site", site)?;
        if let Some(core) = core {
            check_core(core)?;
        }
    }
    let told = match &arguments.server.server {
        Some(url) => at_server(&Asking::new(url, &arguments.server)?, &arguments.command)?,
        None => {
            let runtime =
                tokio::runtime::Runtime::new().map_err(|error| Failure::missing(error.to_string()))?;
            runtime.block_on(here(arguments))?
        }
    };
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                serde_json::to_writer_pretty(&mut *out, &told)?;
                writeln!(out)?;
            }
            PlainFormat::Text => write!(out, "{}", words(&arguments.command, &told))?,
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// Names as the interface takes them.
fn check(what: &str, text: &str) -> anyhow::Result<()> {
    let fine = (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-');
    if fine {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{what} '{text}' cannot be taken: use 1 to 63 lowercase letters, digits and hyphens, beginning with a letter or digit"
    )))
}

fn check_core(core: &str) -> anyhow::Result<()> {
    let fine = core
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
    if fine {
        return Ok(());
    }
    Err(Failure::usage(format!("--core '{core}' is no address like medward.example:8444")))
}

/// In the monitor's own data, also while it runs.
async fn here(arguments: &InviteArguments) -> anyhow::Result<Value> {
    let folder = arguments.data.clone().unwrap_or_else(|| PathBuf::from("medward-data"));
    let file = folder.join("medward.db");
    if arguments.database.is_none() && !file.exists() {
        return Err(no_monitor(&folder));
    }
    let authority = Authority::open(&folder.join("authority"), SystemTime::now())
        .map_err(|error| Failure::missing(error.to_string()))?
        .ok_or_else(|| no_monitor(&folder))?;
    let place = arguments.database.clone().unwrap_or_else(|| format!("sqlite:{}", file.display()));
    let database = Database::open(&place).await.map_err(|error| Failure::missing(error.to_string()))?;
    let store: Arc<dyn Store> = Arc::new(database);
    let guests = Guests { authority: Arc::new(authority), book: Arc::new(StoredBook(Arc::clone(&store))) };
    carry_out(&arguments.command, &guests, &*store).await
}

fn no_monitor(folder: &Path) -> anyhow::Error {
    Failure::unreadable(format!(
        "there is no monitor in {}: --data names the directory that `medward serve --data` uses; start it once, so that it makes \
         its keys",
        folder.display()
    ))
}

fn failed(error: GuestError) -> anyhow::Error {
    match error {
        GuestError::Name(error) => Failure::usage(error.to_string()),
        other => Failure::missing(other.to_string()),
    }
}

async fn carry_out(command: &InviteCommand, guests: &Guests, store: &dyn Store) -> anyhow::Result<Value> {
    let missing = |error: medward_monitor::StoreError| Failure::missing(error.to_string());
    match command {
        InviteCommand::Sensor { name, site, core } => {
            let core = match core {
                Some(core) => core.clone(),
                None => sensors_place(store).await.map_err(missing)?.ok_or_else(|| {
                    Failure::usage(
                        "this monitor took in no sensors when it last started: start it with --sensors ADDRESS (0.0.0.0:8444), \
                         or give --core HOST:PORT",
                    )
                })?,
            };
            let invitation = guests.invite(&core, site, name).await.map_err(failed)?;
            note(store, "sensor.invite", json!({ "site": site, "name": name })).await?;
            let token = invitation.text();
            Ok(json!({ "command": sensor_command(&token), "core": core, "token": token }))
        }
        InviteCommand::List => {
            let open = guests.open().await.map_err(failed)?;
            let sensors = store.sensors().await.map_err(missing)?;
            Ok(json!({ "invitations": open, "sensors": sensors }))
        }
        InviteCommand::Revoke { name, site } => {
            let sites = site.as_ref().map(std::slice::from_ref);
            let mut withdrawn = 0;
            for open in guests.open().await.map_err(failed)? {
                let meant = open.name == *name && sites.is_none_or(|sites| sites.contains(&open.site));
                if meant && guests.withdraw(&open.id).await.map_err(failed)? {
                    withdrawn += 1;
                }
            }
            let revoked = guests.dismiss(sites, name).map_err(failed)?;
            if withdrawn + revoked == 0 {
                return Err(nothing(name));
            }
            note(store, "sensor.remove", json!({ "name": name, "site": site })).await?;
            Ok(json!({ "invitations": withdrawn, "certificates": revoked }))
        }
    }
}

fn nothing(name: &str) -> anyhow::Error {
    Failure::unreadable(format!(
        "there is neither an open invitation nor a valid certificate for a sensor '{name}'. `medward invite list` tells what there is"
    ))
}

/// Who has the machine needs no account; that it was done is kept all the same.
async fn note(store: &dyn Store, action: &str, details: Value) -> anyhow::Result<()> {
    let entry = AuditEntry {
        at: crate::live::clock(),
        who: "system".to_owned(),
        from: "command line".to_owned(),
        action: action.to_owned(),
        object: details.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
        outcome: "done".to_owned(),
        details,
    };
    store.audit(entry).await.map(|_| ()).map_err(|error| Failure::missing(error.to_string()))
}

/// By a running monitor.
fn at_server(asking: &Asking, command: &InviteCommand) -> anyhow::Result<Value> {
    let listed = |path: &str| -> anyhow::Result<Value> {
        let mut page =
            asking.get(path)?.ok_or_else(|| Failure::missing("the monitor there is of another version"))?;
        Ok(page.get_mut("items").map(Value::take).unwrap_or_else(|| json!([])))
    };
    match command {
        InviteCommand::Sensor { name, site, .. } => asking
            .post("/sensors/invite", &json!({ "site": site, "name": name }))?
            .ok_or_else(|| Failure::missing("the monitor there is of another version")),
        InviteCommand::List => {
            Ok(json!({ "invitations": listed("/invitations")?, "sensors": listed("/sensors")? }))
        }
        InviteCommand::Revoke { name, site } => {
            let mut withdrawn = 0;
            let text = |value: &Value, key: &str| -> String {
                value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            for open in listed("/invitations")?.as_array().map(Vec::as_slice).unwrap_or_default() {
                let meant = text(open, "name") == *name
                    && site.as_ref().is_none_or(|site| text(open, "site") == *site);
                let path = format!("/invitations/{}", escaped(&text(open, "id")));
                if meant && asking.delete(&path)?.is_some() {
                    withdrawn += 1;
                }
            }
            let at = site.as_ref().map(|site| format!("?site={}", escaped(site))).unwrap_or_default();
            let removed = asking.delete(&format!("/sensors/{}{at}", escaped(name)));
            // Where an invitation was all there was, that no certificate is left is what was wanted.
            let removed = match removed {
                Ok(removed) => removed.is_some(),
                Err(_) if withdrawn > 0 => false,
                Err(error) => return Err(error),
            };
            if withdrawn == 0 && !removed {
                return Err(nothing(name));
            }
            Ok(json!({ "invitations": withdrawn, "certificates": u64::from(removed) }))
        }
    }
}

/// The answer for people.
fn words(command: &InviteCommand, told: &Value) -> String {
    let text = |value: &Value, key: &str| -> String {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    match command {
        InviteCommand::Sensor { name, site, .. } => format!(
            "Run this on the machine of sensor {name} (site {site}), once and within a day; it names the interface to watch:\n\n  {}\n",
            text(told, "command")
        ),
        InviteCommand::List => {
            let rows = |key: &str| told.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
            let mut lines = String::new();
            for row in rows("invitations") {
                lines.push_str(&format!(
                    "invited  {}/{}  until {}\n",
                    text(&row, "site"),
                    text(&row, "name"),
                    text(&row, "expires")
                ));
            }
            for row in rows("sensors") {
                lines.push_str(&format!(
                    "reports  {}/{}  last {}\n",
                    text(&row, "site"),
                    text(&row, "name"),
                    text(&row, "last_report")
                ));
            }
            if lines.is_empty() {
                lines.push_str("No open invitation, and no sensor that reports.\n");
            }
            lines
        }
        InviteCommand::Revoke { name, .. } => {
            let count = |key: &str| told.get(key).and_then(Value::as_u64).unwrap_or_default();
            let (open, certificates) = (count("invitations"), count("certificates"));
            format!("{name}: {open} open invitations taken back, certificates revoked: {certificates}.\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{check, check_core};

    #[test]
    fn names_and_addresses_that_cannot_be_are_refused() {
        assert!(check("NAME", "ward-3").is_ok());
        for wrong in ["", "-x", "Ward", "a b", "ä"] {
            assert!(check("NAME", wrong).is_err(), "{wrong}");
        }
        assert!(check_core("medward.example:8444").is_ok() && check_core("[::1]:8444").is_ok());
        for wrong in ["medward.example", ":8444", "host:0", "host:x"] {
            assert!(check_core(wrong).is_err(), "{wrong}");
        }
    }
}
