//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Names every device in a capture of a hospital's network, and shows why.
#[derive(Debug, Parser)]
#[command(
    name = "medward",
    version,
    max_term_width = 100,
    after_help = "Exit codes:\n  0  done\n  1  done, and --fail-on was met\n  2  wrong usage\n  3  input partly unreadable (what was read is reported)\n  4  nothing readable\n  5  a service or permission is missing"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct Common {
    /// Write the result to PATH instead of standard output (a temporary file first, then renamed).
    #[arg(long, short, global = true, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Say nothing on standard error but errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// How much to tell on standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogLevel::Warn, value_name = "LEVEL")]
    pub log_level: LogLevel,
    /// Take this as today's date in everything that depends on it (RFC 3339).
    #[arg(long, global = true, value_name = "TIME")]
    pub now: Option<medward_model::Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Captures in; devices, conversations, findings and alerts out.
    Assess(AssessArguments),
    /// The chain from packets to a value: why is this device called that?
    Why(WhyArguments),
    /// The protocols that are read, with standard, ports and what identity each can yield.
    Protocols(ProtocolsArguments),
    /// Feeds of recalls, vulnerabilities and ends of support: load, look at, check, pass on.
    Knowledge(KnowledgeArguments),
    /// An inventory in (a CMMS export, say); what is wrong with each device out.
    Match(MatchArguments),
    /// The feeds that can be loaded, with publisher, licence and shape.
    Feeds(FeedsArguments),
    /// The monitor: watches, keeps, and shows in a browser.
    Serve(Box<crate::command::serve::ServeArguments>),
    /// Looks after what the monitor stored: backup, restore, sizes, audit trail, a lost password.
    Data(crate::command::stored::DataArguments),
    /// What can be listened to beside the wire: flow exports, leases, logs, accounting.
    Sources(SourcesArguments),
    /// What may talk to what: learned from what was seen, checked, tried on history, proven.
    Policy(Box<crate::command::policy::PolicyArguments>),
    /// A simulated hospital group, for demonstrations, tests and benches.
    Lab(crate::command::lab::LabArguments),
    /// Lets sensors elsewhere report to a monitor, and takes that right away.
    Invite(Box<crate::command::invite::InviteArguments>),
    /// The enforcement targets, and what each can do.
    Targets(TargetsArguments),
    /// The checks that a plan goes through.
    Checks(ChecksArguments),
    /// Watches here, and reports to a core elsewhere.
    Sensor(Box<crate::command::sensor::SensorArguments>),
    /// Virtual patches: what can be shielded on the network, for which advisories, and as Suricata rules.
    Shields(crate::command::shields::ShieldsArguments),
    /// Judges packets in line by what they ask for, over NFQUEUE.
    Gateway(crate::command::gateway::GatewayArguments),
}

/// What to read, and with which bounds.
#[derive(Debug, Args)]
pub struct Reading {
    /// Worker threads; the result is the same with any number. Default: the machine's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: Option<u16>,
    /// Directory of catalogue files (TOML) to add to the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    /// Flows that may be open at once; the longest unused are closed first.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub max_flows: usize,
    /// MiB that unfinished fragments, streams and messages may take.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub max_reassembly: usize,
    /// Distinct pieces of evidence that are kept.
    #[arg(long, value_name = "N", default_value_t = 4_000_000)]
    pub max_evidence: usize,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward assess ward.pcapng\n  medward assess --format html --output report.html captures/\n  medward assess ward.pcap --filter 'category:\"infusion pump\" vendor:BD'\n  zstdcat day.pcap.zst | medward assess --format json -"
)]
pub struct AssessArguments {
    /// Captures (pcap or pcapng, plain, gzip or zstd), directories of them, or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[arg(long, short, value_enum, default_value_t = AssessFormat::Text)]
    pub format: AssessFormat,
    /// Show only devices that match (conversations of theirs stay): words and field:value terms.
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Also write everything that the dissectors said, as JSON lines in packet order (one thread).
    #[arg(long, value_name = "PATH")]
    pub trace: Option<PathBuf>,
    /// Directory of knowledge (see `medward knowledge`); without it only what the capture itself shows is judged.
    /// Default: $MEDWARD_KNOWLEDGE.
    #[arg(long, value_name = "DIR")]
    pub knowledge: Option<PathBuf>,
    /// What became of recalled devices: the CSV of --format work-list with state (open, removed, corrected, not-ours), person
    /// and date filled in. What is done is not a finding any more, and stays on the list.
    #[arg(long, value_name = "FILE")]
    pub work_list: Option<PathBuf>,
    /// Another model of risk (TOML; the built-in one is catalog/risk.toml).
    #[arg(long, value_name = "FILE")]
    pub risk_model: Option<PathBuf>,
    /// Show what an action of the list would change instead: its rank, id, or words of its title.
    #[arg(long, value_name = "ACTION")]
    pub what_if: Option<String>,
    /// End with 1 where a device has a finding at least that bad, and it is not just possible.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<Threshold>,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AssessFormat {
    /// An overview, then a table.
    Text,
    /// One document, schema medward.assessment/1.
    Json,
    /// The same objects, one a line.
    Jsonl,
    /// One row a device.
    Csv,
    /// One self-contained page to read, print and send.
    Html,
    /// CycloneDX 1.6: devices and their software as components, with vulnerabilities (a VDR).
    Cyclonedx,
    /// CSV with one row a finding.
    Findings,
    /// CSAF 2.0 VEX.
    Vex,
    /// CSV of the recalls to work off, to be given back with --work-list.
    WorkList,
}

impl AssessFormat {
    /// As the exporter calls it.
    pub fn export(self) -> medward_export::Format {
        use medward_export::Format;
        match self {
            AssessFormat::Text => Format::Text,
            AssessFormat::Json => Format::Json,
            AssessFormat::Jsonl => Format::Jsonl,
            AssessFormat::Csv => Format::Csv,
            AssessFormat::Html => Format::Html,
            AssessFormat::Cyclonedx => Format::Cyclonedx,
            AssessFormat::Findings => Format::Findings,
            AssessFormat::Vex => Format::Vex,
            AssessFormat::WorkList => Format::WorkList,
        }
    }
}

/// How bad a finding must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl From<Threshold> for medward_model::Severity {
    fn from(threshold: Threshold) -> medward_model::Severity {
        use medward_model::Severity;
        match threshold {
            Threshold::Critical => Severity::Critical,
            Threshold::High => Severity::High,
            Threshold::Medium => Severity::Medium,
            Threshold::Low => Severity::Low,
            Threshold::Info => Severity::Info,
        }
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward match cmms-export.csv --knowledge kb\n  medward match --format json inventory.json --knowledge kb\n  medward match bom.cdx.json --knowledge kb --fail-on high\n\nColumns are recognised by name: manufacturer, model, serial number, software version, operating system,\nUDI, lot, catalog number, asset tag, MAC, IP, location. Others are kept and returned."
)]
pub struct MatchArguments {
    /// CSV with a header, JSON, or CycloneDX; - for standard input.
    #[arg(required = true, value_name = "INVENTORY")]
    pub inventories: Vec<PathBuf>,
    #[arg(long, short, value_enum, default_value_t = AssessFormat::Text)]
    pub format: AssessFormat,
    /// Directory of knowledge. Default: $MEDWARD_KNOWLEDGE.
    #[arg(long, value_name = "DIR")]
    pub knowledge: Option<PathBuf>,
    /// Ask of one advisory, recall or statement only, which devices it concerns: its id, or a file that is not imported.
    #[arg(long, value_name = "ID|FILE")]
    pub advisory: Option<String>,
    /// Directory of catalogue files (TOML) to add to the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    /// Worker threads; the result is the same with any number. Default: the machine's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: Option<u16>,
    /// What became of recalled devices: the CSV of --format work-list with state (open, removed, corrected, not-ours), person
    /// and date filled in. What is done is not a finding any more, and stays on the list.
    #[arg(long, value_name = "FILE")]
    pub work_list: Option<PathBuf>,
    /// Another model of risk (TOML; the built-in one is catalog/risk.toml).
    #[arg(long, value_name = "FILE")]
    pub risk_model: Option<PathBuf>,
    /// Show what an action of the list would change instead: its rank, id, or words of its title.
    #[arg(long, value_name = "ACTION")]
    pub what_if: Option<String>,
    /// End with 1 where a device has a finding at least that bad, and it is not just possible.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<Threshold>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  medward feeds\n  medward feeds --format json | jq '.feeds[].name'")]
pub struct FeedsArguments {
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
pub struct KnowledgeArguments {
    #[command(subcommand)]
    pub command: KnowledgeCommand,
    /// Directory where knowledge is kept. Default: $MEDWARD_KNOWLEDGE.
    #[arg(long, global = true, value_name = "DIR")]
    pub knowledge: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum KnowledgeCommand {
    /// Load files, directories, archives (zip, gz, zst) or bundles; each is recognised by its content.
    Import(ImportArguments),
    /// Ask publishers for what is new, and load it.
    Sync(SyncArguments),
    /// What is loaded: records, date, age, and whether it is stale.
    Status(StatusArguments),
    /// Read every record once.
    Verify,
    /// Write everything that is loaded as one signed file, for a place without the internet.
    Bundle(BundleArguments),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward knowledge import /media/stick --knowledge kb\n  medward knowledge import nvdcve-2.0-2025.json.gz known_exploited_vulnerabilities.json --knowledge kb"
)]
pub struct ImportArguments {
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    /// Take a feed that shrank by half, is older, or has fewer records than it declares.
    #[arg(long)]
    pub accept_shrink: bool,
    /// Take a bundle that no trusted key signed.
    #[arg(long)]
    pub trust_unsigned: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Keys of publishers' APIs are taken from $MEDWARD_NVD_API_KEY and $MEDWARD_OPENFDA_API_KEY; without one the NVD is asked every six seconds.\n\nExamples:\n  medward knowledge sync --knowledge kb\n  medward knowledge sync kev epss nvd --knowledge kb\n  medward knowledge sync csaf --source csaf=https://psirt.example.com/provider-metadata.json --knowledge kb"
)]
pub struct SyncArguments {
    /// Feeds to ask for; without one, all that can be asked for (see `medward feeds`).
    #[arg(value_name = "FEED")]
    pub feeds: Vec<String>,
    /// Ask this address instead of the publisher's: a mirror, or another provider of CSAF.
    #[arg(long = "source", value_name = "FEED=URL")]
    pub sources: Vec<String>,
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    /// Take a feed that shrank by half.
    #[arg(long)]
    pub accept_shrink: bool,
    /// Times that an address is tried.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub tries: u32,
    /// Seconds to wait for an answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
}

#[derive(Debug, Args)]
pub struct StatusArguments {
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward knowledge bundle --new-key hospital.key --knowledge kb\n  medward knowledge bundle --key hospital.key --output week-48.bundle --knowledge kb"
)]
pub struct BundleArguments {
    /// Key to sign with.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Make a key and its .pub file instead.
    #[arg(long, value_name = "FILE")]
    pub new_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "medward why [OPTIONS] FILE DEVICE [ATTRIBUTE]\n       medward why [OPTIONS] --data DIR DEVICE [ATTRIBUTE]\n       medward why [OPTIONS] --server URL DEVICE [ATTRIBUTE]",
    after_help = "Examples:\n  medward why ward.pcap 10.20.0.11\n  medward why ward.pcap dev-1f3a5c7e9b0d serial\n  medward why ward.pcap ct-1 vendor --format json\n  medward why ct-1 vendor --data /var/lib/medward\n  medward why ct-1 --server https://medward.example:8443 --token-file token --ca medward-ca.pem\n\nA monitor's database is only read, also while the monitor runs.\n\nExit 2: asked wrongly, several devices fit, or the capture has none of that name; 4: the monitor has none, or there is no such file; 5: the monitor does not answer, or does not let the token in."
)]
pub struct WhyArguments {
    /// FILE: a capture, directory, or - for standard input (not with --data or --server). DEVICE: its id, MAC, IP, host name,
    /// alias or serial number. ATTRIBUTE: only this one (vendor, model, serial, os, category …); without it, all.
    #[arg(required = true, num_args = 1..=3, value_names = ["FILE", "DEVICE", "ATTRIBUTE"])]
    pub what: Vec<std::ffi::OsString>,
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    /// Ask what a monitor stored in this directory.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["server", "database"])]
    pub data: Option<PathBuf>,
    /// Ask what a monitor stored in PostgreSQL (postgres://user@host/database).
    #[arg(long, value_name = "URL", conflicts_with = "server")]
    pub database: Option<String>,
    #[command(flatten)]
    pub server: crate::asking::ServerArguments,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward protocols\n  medward protocols --format json | jq '.protocols[].name'"
)]
pub struct ProtocolsArguments {
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  medward sources\n  medward serve --source netflow=0.0.0.0:2055")]
pub struct SourcesArguments {
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward targets\n  medward targets --format json | jq '.targets[].name'"
)]
pub struct TargetsArguments {
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  medward checks\n  medward checks --format json | jq '.checks[].name'")]
pub struct ChecksArguments {
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlainFormat {
    Text,
    Json,
}
