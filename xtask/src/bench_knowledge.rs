//! Import and match at the size of a large hospital group, with made-up feeds of the publishers' shapes: time, memory, and how
//! both grow.
//!
//! Makers, lines and numbers are drawn from fixed lists by a fixed generator, so that every run asks the same. CVEs are spread
//! over products as in the NVD: few products have many, most have one or two. Half of the inventory's products are named
//! by some CVE; versions are drawn so that about half of those are affected.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::bench::{Cost, once};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// CVE records.
    #[arg(long, default_value_t = 300_000)]
    cves: usize,
    /// Recalls.
    #[arg(long, default_value_t = 60_000)]
    recalls: usize,
    /// Devices of the inventory.
    #[arg(long, default_value_t = 600_000)]
    devices: usize,
    /// Distinct products among them.
    #[arg(long, default_value_t = 20_000)]
    products: usize,
    /// Leave out the runs at half the size, which tell how time grows.
    #[arg(long)]
    without_growth: bool,
}

/// A fixed sequence (Steele and others, SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// Below `bound`, small numbers more often: as many in each power of two.
    fn skewed(&mut self, bound: usize) -> usize {
        let bits = usize::BITS - bound.leading_zeros();
        let top = 1usize << self.below(bits as usize + 1);
        self.below(top.min(bound))
    }
}

const STARTS: [&str; 24] = [
    "ba", "cor", "den", "el", "fa", "gar", "hel", "in", "jo", "kar", "lu", "mer", "no", "or", "pel", "qui",
    "ra", "sol", "tan", "ul", "vi", "wes", "xen", "zi",
];
const ENDS: [&str; 20] = [
    "dex", "lon", "mira", "nova", "pulse", "ria", "sys", "tec", "vent", "vita", "wave", "zon", "lux", "dyne",
    "cor", "flow", "med", "scan", "trix", "graph",
];
const KINDS: [&str; 10] = [
    "infusion pump",
    "patient monitor",
    "ventilator",
    "ultrasound system",
    "CT scanner",
    "analyzer",
    "gateway",
    "workstation",
    "defibrillator",
    "syringe pump",
];

/// A product by its number: maker, model, kind.
fn product(number: usize) -> (String, String, &'static str) {
    let mut draw = Draw(number as u64 / 8);
    let maker = draw.below(400);
    let maker =
        format!("{}{}{}", STARTS[maker % 24], ENDS[maker / 24 % 20], ["", " medical", " health"][maker % 3]);
    let line = format!("{}{}{}", STARTS[draw.below(24)], STARTS[draw.below(24)], ENDS[draw.below(20)]);
    (maker, format!("{line} {}", 100 + number % 8 * 50), KINDS[draw.below(10)])
}

fn cpe_part(text: &str) -> String {
    text.replace(' ', "_")
}

/// Pages of the NVD, of `count` CVEs over `universe` products.
fn cves(path: &Path, count: usize, universe: usize) -> anyhow::Result<()> {
    let mut draw = Draw(7);
    let mut out = BufWriter::new(File::create(path)?);
    write!(
        out,
        r#"{{"resultsPerPage":{count},"startIndex":0,"totalResults":{count},"format":"NVD_CVE","version":"2.0","timestamp":"2026-11-26T00:00:00.000","vulnerabilities":["#
    )?;
    for at in 0..count {
        let year = 2016 + at * 10 / count.max(1);
        let first = draw.skewed(universe);
        let mut terms = String::new();
        let more = draw.below(4);
        for near in 0..=more {
            let (maker, model, _) = product(first / 8 * 8 + (first + near) % 8);
            let (maker, model) = (cpe_part(&maker), cpe_part(&model));
            let to = format!("{}.{}", 1 + draw.below(6), draw.below(10));
            if near > 0 {
                terms.push(',');
            }
            write!(
                terms,
                r#"{{"vulnerable":true,"criteria":"cpe:2.3:o:{maker}:{model}_firmware:*:*:*:*:*:*:*:*","versionEndExcluding":"{to}","matchCriteriaId":"00000000-0000-0000-0000-000000000000"}}"#
            )?;
        }
        let (maker, model, kind) = product(first);
        let platform = if draw.below(10) == 0 {
            let (maker, model) = (cpe_part(&maker), cpe_part(&model));
            format!(
                r#",{{"operator":"OR","negate":false,"cpeMatch":[{{"vulnerable":false,"criteria":"cpe:2.3:h:{maker}:{model}:-:*:*:*:*:*:*:*","matchCriteriaId":"00000000-0000-0000-0000-000000000000"}}]}}"#
            )
        } else {
            String::new()
        };
        let score = 30 + draw.below(69);
        write!(
            out,
            r#"{}{{"cve":{{"id":"CVE-{year}-{:06}","sourceIdentifier":"psirt@example.com","published":"{year}-03-04T05:06:07.000","lastModified":"{year}-04-04T05:06:07.000","vulnStatus":"Analyzed","descriptions":[{{"lang":"en","value":"A flaw in how {maker} {model} ({kind}) checks what it is sent lets somebody on the same network change its settings or read what it keeps. It needs neither a name nor a password, and works from wherever its service can be reached; a message of a certain form is enough."}}],"metrics":{{"cvssMetricV31":[{{"source":"nvd@example.com","type":"Primary","cvssData":{{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N","baseScore":{}.{},"baseSeverity":"HIGH"}},"exploitabilityScore":3.9,"impactScore":5.2}}]}},"weaknesses":[{{"source":"nvd@example.com","type":"Primary","description":[{{"lang":"en","value":"CWE-287"}}]}}],"configurations":[{{"operator":"AND","nodes":[{{"operator":"OR","negate":false,"cpeMatch":[{terms}]}}{platform}]}}],"references":[{{"url":"https://psirt.example.com/advisory/{at}","source":"psirt@example.com","tags":["Vendor Advisory"]}}]}}}}"#,
            if at == 0 { "" } else { "," },
            100_000 + at,
            score / 10,
            score % 10
        )?;
    }
    write!(out, "]}}")?;
    out.flush()?;
    Ok(())
}

/// Pages of openFDA's device recalls.
fn recalls(path: &Path, count: usize, universe: usize) -> anyhow::Result<()> {
    let mut draw = Draw(11);
    let mut out = BufWriter::new(File::create(path)?);
    write!(
        out,
        r#"{{"meta":{{"last_updated":"2026-11-20","results":{{"skip":0,"limit":{count},"total":{count}}}}},"results":["#
    )?;
    for at in 0..count {
        let (maker, model, kind) = product(draw.below(universe));
        let from = 100_000 + draw.below(800_000);
        write!(
            out,
            r#"{}{{"cfres_id":"{at}","product_res_number":"Z-{:04}-{}","res_event_number":"{}","event_date_initiated":"2024-05-06","event_date_posted":"2024-06-07","recall_status":"Open, Classified","product_code":"FRN","recalling_firm":"{maker} Inc.","product_description":"{model} {kind}, catalog number {}-{}","code_info":"Serial numbers {from} through {}","reason_for_recall":"The alarm may not sound when the battery is low.","root_cause_description":"Software design","action":"Customers were told by letter to look at the serial number and to call the service.","distribution_pattern":"Nationwide"}}"#,
            if at == 0 { "" } else { "," },
            at % 10_000,
            2018 + at / 10_000,
            80_000 + at,
            10 + draw.below(90),
            1_000 + draw.below(9_000),
            from + draw.below(20_000),
        )?;
    }
    write!(out, "]}}")?;
    out.flush()?;
    Ok(())
}

fn inventory(path: &Path, count: usize, products: usize, universe: usize) -> anyhow::Result<()> {
    let mut draw = Draw(13);
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "Asset Tag,Manufacturer,Model,Serial Number,Software Version,Department")?;
    for at in 0..count {
        // Every fourth product of the inventory is none that a CVE names.
        let own = draw.below(products);
        let number =
            if own.is_multiple_of(4) { universe + own } else { own * (universe / products.max(1)).max(1) };
        let (maker, model, _) = product(number);
        writeln!(
            out,
            "A{at:06},{maker},{model},{},{}.{},Ward {}",
            100_000 + draw.below(900_000),
            1 + own % 6,
            own % 10,
            draw.below(40)
        )?;
    }
    out.flush()?;
    Ok(())
}

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--package", "medward", "--bin", "medward"])
        .current_dir(root)
        .status()?;
    anyhow::ensure!(status.success(), "the release build failed");
    let place = root.join("target/bench-knowledge");
    std::fs::create_dir_all(&place)?;
    let program = root.join("target/release/medward");
    let scales: &[usize] = if arguments.without_growth { &[1] } else { &[2, 1] };
    println!("{:<44}{:>10}{:>10}{:>10}", "", "CPU s", "wall s", "MB");
    for scale in scales {
        one(&place, &program, arguments, *scale)?;
    }
    Ok(())
}

fn one(place: &Path, program: &Path, arguments: &Arguments, scale: usize) -> anyhow::Result<()> {
    let (cve_count, recall_count) = (arguments.cves / scale, arguments.recalls / scale);
    let (device_count, products) = (arguments.devices / scale, arguments.products / scale);
    let universe = products * 3;
    let at = |name: &str| -> PathBuf { place.join(name) };
    cves(&at("nvd.json"), cve_count, universe)?;
    recalls(&at("recalls.json"), recall_count, universe)?;
    inventory(&at("inventory.csv"), device_count, products, universe)?;
    let kb = at("kb");
    if kb.exists() {
        std::fs::remove_dir_all(&kb)?;
    }
    let text = |path: PathBuf| path.display().to_string();
    let medward = |words: &[&str], more: &[String]| -> Vec<String> {
        std::iter::once(text(program.to_owned()))
            .chain(words.iter().map(|word| (*word).to_owned()))
            .chain(more.iter().cloned())
            .chain([
                "--knowledge".to_owned(),
                text(kb.clone()),
                "--now".to_owned(),
                "2026-11-26T00:00:00Z".to_owned(),
            ])
            .collect()
    };
    let row = |name: String, cost: Cost| {
        println!("{name:<44}{:>10.2}{:>10.2}{:>10.0}", cost.cpu, cost.wall, cost.memory);
    };
    let import = once(&medward(
        &["knowledge", "import", "--quiet"],
        &[text(at("nvd.json")), text(at("recalls.json"))],
    ))
    .context("import")?;
    row(format!("import {cve_count} CVEs, {recall_count} recalls"), import);
    let result = at("findings.csv");
    let full = once(&medward(
        &["match", "--quiet", "--format", "findings", "--output"],
        &[text(result.clone()), text(at("inventory.csv"))],
    ))
    .context("match")?;
    let lines = std::io::BufRead::lines(std::io::BufReader::new(File::open(&result)?)).count();
    row(format!("match {device_count} devices, {} findings", lines.saturating_sub(1)), full);
    // One advisory that comes now, on a product of which the inventory has devices.
    cves(&at("new.json"), 1, 1)?;
    let command = medward(
        &["match", "--log-level", "info", "--format", "findings", "--output"],
        &[text(result), text(at("inventory.csv")), "--advisory".to_owned(), text(at("new.json"))],
    );
    let (program, arguments) = command.split_first().context("a command")?;
    let output = Command::new(program).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line =
        said.lines().find(|line| line.contains("can concern")).context("what one advisory concerns")?;
    println!("one new advisory: {}", line.trim_start_matches("medward: "));
    Ok(())
}
