//! Journeys through the whole service, without a socket: on SQLite and on the PostgreSQL that
//! `IHURIRO_TEST_POSTGRES` names.

mod desk;
mod login;
mod people;
mod enrolment;
mod problems;
mod running;
