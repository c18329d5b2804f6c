//! A plan as people read it.

use std::io::Write;

use medward_policy::{Level, Opinion, Plan};

/// Most lines of a difference that are shown.
const MOST: usize = 60;

pub fn plan(plan: &Plan, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{} for {}: policy '{}', {} rules",
        plan.id,
        plan.target,
        plan.policy,
        plan.ruleset.rules.len()
    )?;
    let parent = plan.parent.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
    writeln!(
        out,
        "follows {parent}; made {} by {}; good until {}\n",
        plan.made_at, plan.made_by, plan.expires
    )?;
    let change = &plan.change;
    writeln!(
        out,
        "{} rules added, {} removed, {} changed, {} as they are",
        change.added.len(),
        change.removed.len(),
        change.changed.len(),
        change.unchanged
    )?;
    let lines = change.lines();
    for line in lines.iter().take(MOST) {
        writeln!(out, "  {}", line.replace('\n', "\n  "))?;
    }
    if let Some(more) = lines.len().checked_sub(MOST).filter(|more| *more > 0) {
        writeln!(out, "  and {more} more")?;
    }
    writeln!(out, "\n{} of {} devices are affected", plan.affected.len(), plan.devices)?;
    for share in &plan.zones {
        let zone = if share.zone.is_empty() { "in no zone" } else { &share.zone };
        writeln!(out, "  {zone}: {} of {}", share.affected, share.devices)?;
    }
    writeln!(out, "\nSteps")?;
    for (number, step) in (1..).zip(&plan.steps) {
        writeln!(out, "  {number}. {}", step.words())?;
    }
    for step in &plan.undo {
        writeln!(out, "  undo: {}", step.words())?;
    }
    for note in &plan.notes {
        writeln!(out, "  note: {note}")?;
    }
    writeln!(out, "\nChecks")?;
    for opinion in plan.opinions.iter().flatten() {
        said(opinion, out)?;
    }
    Ok(())
}

fn said(opinion: &Opinion, out: &mut dyn Write) -> anyhow::Result<()> {
    let level = match opinion.level {
        Level::Veto => "VETO",
        Level::Warn => "warn",
        Level::Pass => "pass",
    };
    Ok(writeln!(out, "  {level}  {}: {}", opinion.check, opinion.reason)?)
}
