//! `medward data`: looking after what the monitor stored.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use medward_monitor::{Audit, AuditRecord, Upkeep};
use medward_store::Database;
use medward_transport::Authority;

use crate::asking::Fingerprint;
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward data backup nightly.medward\n  medward data restore nightly.medward --database postgres://medward@db/medward\n  medward data verify-audit\n  medward data certificate --output medward-ca.pem\n  medward data new-password\n\nA backup is one file for both kinds of database. The data directory's keys are not in it: keep them, too."
)]
pub struct DataArguments {
    #[command(subcommand)]
    pub command: DataCommand,
    /// Directory of the monitor.
    #[arg(long, global = true, value_name = "DIR", default_value = "medward-data")]
    pub data: PathBuf,
    /// PostgreSQL instead of SQLite in the data directory.
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Write everything to one file; the monitor may run.
    Backup {
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Fill an empty database from a backup.
    Restore {
        #[arg(value_name = "FILE")]
        from: PathBuf,
    },
    /// How large everything is.
    Sizes,
    /// Follow the chain of the audit trail from its beginning: 3 where it is broken.
    VerifyAudit,
    /// Write the certificate (PEM) of the monitor's own authority, for who must trust it; its fingerprint on standard error.
    Certificate,
    /// Give 'admin' a new one-time password: for who is locked out and has the machine itself.
    NewPassword,
}

pub fn run(arguments: &DataArguments, common: &Common) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::missing(error.to_string()))?;
    runtime.block_on(carry_out(arguments, common))
}

async fn carry_out(arguments: &DataArguments, common: &Common) -> anyhow::Result<Exit> {
    let missing = |error: &dyn std::fmt::Display| Failure::missing(error.to_string());
    let file = arguments.data.join("medward.db");
    let place = arguments.database.clone().unwrap_or_else(|| file.display().to_string());
    if let DataCommand::Restore { from } = &arguments.command {
        if let Some(folder) = file.parent().filter(|_| arguments.database.is_none()) {
            std::fs::create_dir_all(folder).map_err(|error| missing(&error))?;
        }
        medward_store::restore(from, &place).await.map_err(|error| Failure::unreadable(error.to_string()))?;
        if !common.quiet {
            anstream::eprintln!("medward: restored into {place}");
        }
        return Ok(Exit::Done);
    }
    if let DataCommand::Certificate = &arguments.command {
        return certificate(arguments, common);
    }
    if arguments.database.is_none() && !file.exists() {
        return Err(Failure::unreadable(format!("there is no database at {}", file.display())));
    }
    let database = Database::open(&place).await.map_err(|error| missing(&error))?;
    match &arguments.command {
        DataCommand::Restore { .. } | DataCommand::Certificate => Ok(Exit::Done),
        DataCommand::Backup { to } => {
            database.backup(to).await.map_err(|error| missing(&error))?;
            if !common.quiet {
                anstream::eprintln!("medward: written to {}", to.display());
            }
            Ok(Exit::Done)
        }
        DataCommand::Sizes => {
            let sizes = database.sizes().await.map_err(|error| missing(&error))?;
            output::write(common.output.as_deref(), |out| {
                serde_json::to_writer_pretty(&mut *out, &sizes)?;
                Ok(writeln!(out)?)
            })?;
            Ok(Exit::Done)
        }
        DataCommand::VerifyAudit => verify(&database, common).await,
        DataCommand::NewPassword => {
            let made = medward_api::renew_administrator(&database, crate::live::clock())
                .await
                .map_err(|error| missing(&error))?;
            anstream::println!("Sign in as '{}' with the one-time password {}", made.name, made.password);
            Ok(Exit::Done)
        }
    }
}

/// Tells the certificate of the authority, which is no secret; its key stays where it is.
fn certificate(arguments: &DataArguments, common: &Common) -> anyhow::Result<Exit> {
    let folder = arguments.data.join("authority");
    let authority = Authority::open(&folder, SystemTime::now())
        .map_err(|error| Failure::missing(error.to_string()))?
        .ok_or_else(|| {
            Failure::unreadable(format!(
                "there is no authority in {}: `medward serve` makes it at its first start",
                folder.display()
            ))
        })?;
    output::write(common.output.as_deref(), |out| Ok(write!(out, "{}", authority.certificate_text())?))?;
    if !common.quiet {
        anstream::eprintln!("medward: its SHA-256 is {}", Fingerprint(authority.fingerprint()));
    }
    Ok(Exit::Done)
}

async fn verify(database: &Database, common: &Common) -> anyhow::Result<Exit> {
    let mut previous = AuditRecord::ORIGIN.to_owned();
    let mut next = 1;
    let broken = loop {
        let page =
            database.audit_from(next, 1000).await.map_err(|error| Failure::missing(error.to_string()))?;
        if page.is_empty() {
            break None;
        }
        let mut wrong = None;
        for record in page {
            if record.number != next || !record.follows(&previous) {
                wrong = Some(next);
                break;
            }
            previous = record.hash;
            next += 1;
        }
        if wrong.is_some() {
            break wrong;
        }
    };
    let told = serde_json::json!({ "ok": broken.is_none(), "records": next - 1, "broken_at": broken });
    output::write(common.output.as_deref(), |out| Ok(writeln!(out, "{told}")?))?;
    Ok(if broken.is_some() { Exit::Partly } else { Exit::Done })
}
