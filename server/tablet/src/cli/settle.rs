//! `settle`: what several people set differently, any field of any record.

use std::io::Write;

use clap::Args;
use sync_core::change::Grounds;

use super::{CommandError, find, words};
use crate::device::Device;

#[derive(Debug, Args)]
pub struct SettleArgs {
    /// The record: its id or its beginning, or a group's name
    record: String,
    /// The field, as `show` names it: minutes, summary
    field: String,
    /// What is right: one of the values, or another; of a summary the lines concerned. Empty takes the value back
    #[arg(long = "with", value_name = "VALUE", allow_hyphen_values = true)]
    value: String,
    /// Why, in one line; everybody who reads the record's history sees it
    #[arg(long)]
    reason: Grounds,
}

impl SettleArgs {
    /// The texts in it that people will read.
    pub(super) fn texts(&self) -> Vec<&str> {
        vec![&self.value, self.reason.as_str()]
    }
}

pub(super) fn run(device: &mut Device, said: &SettleArgs, out: &mut dyn Write) -> Result<(), CommandError> {
    let id = find::record(device.tablet(), &said.record)?;
    let open = device.tablet().conflicts(id)?;
    let means = |field: &str| field == said.field || words::field(device.tablet(), field) == said.field;
    let Some(field) = open.iter().map(|one| one.field.as_str()).find(|field| means(field)) else {
        let tablet = device.tablet();
        let open = words::listed(open.iter().map(|one| words::field(tablet, &one.field)));
        let (field, record) = (said.field.clone(), words::record(tablet, id));
        return Err(CommandError::NotOpen { field, record, open });
    };
    device.settle(id, (field, &said.value), &said.reason)?;
    writeln!(
        out,
        "Settled: {} of {}.",
        words::field(device.tablet(), field),
        words::record(device.tablet(), id)
    )?;
    for conflict in device.tablet().conflicts(id)? {
        writeln!(out, "Still to settle: {}.", words::conflict(device.tablet(), &conflict))?;
    }
    Ok(())
}
