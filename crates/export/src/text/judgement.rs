//! What to do first, and what was found.

use std::io::{self, Write};

use medward_model::{DeviceId, Severity, Verdict};

use super::Page;
use super::paint::Tone;
use crate::judgement::{compared, groups, headline, hours, named};
use crate::wording::{clean, count};

/// Actions and groups of findings that are shown.
const ACTIONS: usize = 8;
const FINDINGS: usize = 14;
/// Devices that are named for one.
const NAMED: usize = 3;

impl Page<'_> {
    pub(super) fn judgement(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out)?;
        if !self.assessment.findings.is_empty() || self.assessment.knowledge.values().any(|feed| feed.loaded)
        {
            self.paragraph(Tone::Heading, "", &headline(self.assessment), out)?;
        }
        self.paragraph(Tone::Faint, "", &compared(self.assessment), out)?;
        self.actions(out)?;
        self.findings(out)
    }

    fn actions(&self, out: &mut dyn Write) -> io::Result<()> {
        let worth = || {
            self.assessment
                .actions
                .iter()
                .filter(|action| action.removes > 0.0 || !action.findings.is_empty())
        };
        if worth().count() == 0 {
            return Ok(());
        }
        writeln!(out, "\n{}", self.paint(Tone::Heading, "What to do first"))?;
        for action in worth().take(ACTIONS) {
            let lead = format!("  {:>2}. ", action.rank);
            let text = format!(
                "{}: takes {:.0} points of risk away in about {}",
                clean(&action.title),
                action.removes,
                hours(action.effort)
            );
            self.paragraph(Tone::Plain, &lead, &text, out)?;
        }
        let more = worth().count().saturating_sub(ACTIONS);
        if more > 0 {
            writeln!(
                out,
                "{}",
                self.paint(Tone::Faint, &format!("      … and {}", count(more, "action", "actions")))
            )?;
        }
        Ok(())
    }

    fn findings(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = groups(self.assessment.findings.iter());
        if all.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", self.paint(Tone::Heading, "Findings"))?;
        let name = |id: &DeviceId| self.inventory.name(id);
        for group in all.iter().take(FINDINGS) {
            let finding = group.first;
            let tone = match (finding.status, finding.severity) {
                (Verdict::Possible, _) => Tone::Faint,
                (_, Severity::Critical | Severity::High) => Tone::Incomplete,
                (_, Severity::Medium) => Tone::Notable,
                _ => Tone::Plain,
            };
            let id = finding
                .advisory
                .as_ref()
                .map(|advisory| format!("{} ", clean(&advisory.id)))
                .unwrap_or_default();
            let exploited = if group.exploited { ", exploited now" } else { "" };
            let text = format!(
                "{}, {}{exploited}: {id}{} ({})",
                finding.severity.name(),
                finding.status.name(),
                clean(&finding.title),
                named(&group.devices, &name, NAMED)
            );
            self.paragraph(tone, "  - ", &text, out)?;
        }
        if all.len() > FINDINGS {
            let more = count(all.len() - FINDINGS, "kind of finding", "kinds of finding");
            writeln!(
                out,
                "{}",
                self.paint(Tone::Faint, &format!("    … and {more}: --format html, json or findings"))
            )?;
        }
        if !self.assessment.hidden.is_empty() {
            let text = format!(
                "    {} hidden, for somebody says that they do not apply.",
                count(self.assessment.hidden.len(), "finding is", "findings are")
            );
            writeln!(out, "{}", self.paint(Tone::Faint, &text))?;
        }
        Ok(())
    }
}
