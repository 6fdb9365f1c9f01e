//! The questions that people ask of records, each with a name and an address; [`QUESTIONS`] lists them.
//!
//! Every one is answered by a [`Table`](table::Table), told as JSON, CSV or a workbook ([`question`]), with
//!
//! - `as_of`: of which moment it is, and what tablets had not handed in by then;
//! - `reconciliation`: that its rows sum to a total that was counted on another way;
//! - `doubts` and `notes`: what should be known of it.
//!
//! A question is one file: its columns, and the function that makes the rows. Who may ask it stands in the policy, under its address.

mod refusal;
mod table;
mod answer;
mod asked;
mod csv;
mod xlsx;
mod question;

mod groups;
mod plan;
mod silent;
mod alive;
mod members;
mod phases;
mod load;
mod tablets;
mod headcounts;
mod absences;
mod care;
mod paired;
mod change;
mod coverage;
mod beside;
mod lessons;
mod reached;
mod counted;
mod results;
mod indicators;
mod cost;
mod against;

mod list;
mod workbook;

use utoipa_actix_web::service_config::ServiceConfig;

use asked::{Asked, Asker};
pub(crate) use question::Question;
use refusal::Refused;

/// All of them, in the order in which they are listed.
pub(crate) const QUESTIONS: [&Question; 28] = [
    &plan::PLAN,
    &silent::SILENT,
    &alive::ALIVE,
    &phases::PHASES,
    &members::GRADUATES,
    &headcounts::HEADCOUNTS,
    &absences::ABSENCES,
    &absences::ATTENDANCE,
    &load::LOAD,
    &tablets::TABLETS,
    &care::REFERRALS,
    &care::INCIDENTS,
    &change::CHANGE,
    &coverage::WORKING,
    &coverage::GAPS,
    &beside::OVERLAPS,
    &beside::COMPLEMENTARY,
    &lessons::LESSONS,
    &reached::REACHED,
    &reached::DISTRICTS,
    &reached::SPLIT,
    &indicators::INDICATORS,
    &results::PLAN_KEPT,
    &cost::COST,
    &against::AGAINST,
    &results::PUBLISHED_RESULTS,
    &indicators::COMPARED,
    &cost::PUBLISHED_COST,
];

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_questions)
        .service(workbook::read_workbook)
        .service(plan::ask_sessions_against_plan)
        .service(silent::ask_silent_groups)
        .service(alive::ask_groups_alive)
        .service(phases::ask_attendance_by_phase)
        .service(members::ask_graduates)
        .service(headcounts::ask_headcount_against_register)
        .service(absences::ask_absences)
        .service(absences::ask_attendance)
        .service(load::ask_facilitators)
        .service(tablets::ask_unsynced_tablets)
        .service(care::ask_referrals)
        .service(care::ask_incidents)
        .service(change::ask_change)
        .service(coverage::ask_who_works_where)
        .service(coverage::ask_gaps)
        .service(beside::ask_overlaps)
        .service(beside::ask_complementary)
        .service(lessons::ask_lessons_adopted)
        .service(reached::ask_people_reached)
        .service(reached::ask_people_by_district)
        .service(reached::ask_people_by_sex_and_age)
        .service(indicators::ask_indicators)
        .service(results::ask_results_against_plan)
        .service(cost::ask_cost)
        .service(against::ask_published_against_exact)
        .service(results::ask_published_results)
        .service(indicators::ask_outcomes_compared)
        .service(cost::ask_published_cost);
}
