//! Journeys through the whole service, without a socket: on SQLite, and on PostgreSQL where
//! `IHURIRO_TEST_POSTGRES` names one.

mod desk;
mod login;
mod people;
mod enrolment;
mod problems;
mod running;
