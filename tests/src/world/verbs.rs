//! Everything that can happen. A verb is a small function that says whether it found anything to do.

pub(super) mod recording;
mod care;
mod tablets;
mod carriers;
mod keepers;
mod people;
mod deciding;
pub(super) mod righting;
mod voiding;
mod moving;
pub(super) mod telling_apart;
mod verifying;
mod again;
mod erasing;
mod lessons;
mod services;

pub(super) use people::organisation_of;

use super::{Sound, World};

/// Something that can happen.
pub(super) struct Verb {
    /// As the table of what was covered calls it.
    pub(super) name: &'static str,
    /// How often, beside the others.
    pub(super) weight: usize,
    pub(super) act: fn(&mut World) -> Sound<bool>,
}

const fn verb(weight: usize, name: &'static str, act: fn(&mut World) -> Sound<bool>) -> Verb {
    Verb { name, weight, act }
}

pub(super) const VERBS: &[Verb] = &[
    verb(220, "meeting recorded", recording::meet),
    verb(120, "meeting corrected", recording::correct),
    verb(4, "meetings told of at length", recording::tell_at_length),
    verb(60, "participant joins", recording::join),
    verb(40, "participant told of", recording::tell),
    verb(6, "participant asks to be erased", recording::erase),
    verb(20, "participant erased", erasing::at_desk),
    verb(10, "late names looked for", erasing::late_names),
    verb(30, "somebody referred", care::refer),
    verb(30, "referral gone on with", care::step),
    verb(20, "incident noted, or what was done about it", care::happen),
    verb(20, "somebody screened", care::screen),
    verb(180, "sync", tablets::sync),
    verb(160, "sync with trouble", tablets::sync_with_trouble),
    verb(40, "late request arrives", World::deliver_late),
    verb(20, "tablet's clock jumps", tablets::clock_jumps),
    verb(20, "tablet copied", tablets::copy),
    verb(20, "copy of a tablet laid aside", tablets::lay_aside),
    verb(20, "tablet brought back from a copy", tablets::bring_back),
    verb(4, "tablet destroyed", tablets::destroy),
    verb(60, "file handed to a colleague", carriers::hand_over),
    verb(15, "file found in a drawer", carriers::find_card),
    verb(10, "service restarted", keepers::restart),
    verb(10, "log compacted", keepers::compact),
    verb(16, "backup made", keepers::back_up),
    verb(14, "store restored", keepers::restore),
    verb(30, "person assigned", people::assign),
    verb(30, "person taken off", people::unassign),
    verb(4, "person taken off with much to hand in", people::leave_with_much),
    verb(12, "tablet enrolled", people::enrol),
    verb(3, "tablet revoked", people::revoke),
    verb(3, "person disabled", people::disable),
    verb(6, "group begun", people::begin_group),
    verb(60, "clash settled at a desk", deciding::settle),
    verb(30, "change released", deciding::release),
    verb(12, "change rejected", deciding::reject),
    verb(10, "many changes decided at once", deciding::decide_on_many),
    verb(20, "void or not: on a tablet", voiding::on_tablet),
    verb(8, "void or not: without authority", voiding::of_others),
    verb(16, "void or not: at a desk", voiding::at_desk),
    verb(12, "void or not: a group", voiding::of_group),
    verb(20, "moved or back: on a tablet", moving::on_tablet),
    verb(20, "moved or back: at a desk", moving::at_desk),
    verb(90, "carried over to where it counts", moving::carry_over),
    verb(20, "one code given by two tablets", telling_apart::give_twice),
    verb(18, "one or two people: on a tablet", telling_apart::split_on_tablet),
    verb(18, "one or two people: at a desk", telling_apart::split_at_desk),
    verb(12, "one person: on a tablet", telling_apart::confirm_on_tablet),
    verb(10, "one person: at a desk", telling_apart::confirm_at_desk),
    verb(12, "two codes of one: on a tablet", telling_apart::same_on_tablet),
    verb(12, "two codes of one: at a desk", telling_apart::same_at_desk),
    verb(24, "verified or returned: at a desk", verifying::at_desk),
    verb(12, "verified: on a supervisor's tablet", verifying::on_tablet),
    verb(6, "verified or returned: without authority", verifying::without_authority),
    verb(14, "consent withdrawn or given again: on a tablet", again::consent_on_tablet),
    verb(14, "consent withdrawn or given again: at a desk", again::consent_at_desk),
    verb(40, "lesson written", lessons::write),
    verb(20, "lesson written on", lessons::write_on),
    verb(50, "lesson published: at a desk", lessons::publish),
    verb(40, "what is published is shared", lessons::share),
    verb(16, "service entered, changed or ended", services::keep),
    verb(80, "received referral answered", services::answer),
    verb(16, "group closed or opened again", again::close_or_open),
];
