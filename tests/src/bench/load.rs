//! Hundreds of tablets sync at once, each with five realistic sessions of its own group.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Instant;

use sync_core::document::Document;
use sync_core::id::{DocumentId, GroupId, ParticipantId, SessionId};
use sync_core::record::participant::{Participant, ParticipantEdit};
use sync_core::record::session::PartOfDay;
use sync_core::record::{AgeBand, Kind, Sex};
use sync_core::value::Pseudonym;
use sync_core::wire::{CONTENT_TYPE, Coding, close};

use super::Size;
use super::figure::{Figures, percentile};
use super::stage::Stage;
use super::workload::{Workload, day_of, now};
use crate::Stranger;

const SESSIONS: usize = 5;
const OF: &str = "many tablets";

type Sent = (Kind, DocumentId, Vec<u8>);

pub(super) fn measure(size: Size, stage: &mut Stage, figures: &mut Figures) {
    let bodies: Vec<Vec<u8>> = (0..size.tablets).map(|number| prepared(stage, number)).collect();
    let next = AtomicUsize::new(0);
    let times = Mutex::new(Vec::new());
    let url = format!("{}/v1/sync", stage.app.url);
    let begins = Barrier::new(size.at_once + 1);
    let before = stage.cpu();
    let begun = thread::scope(|threads| {
        for _ in 0..size.at_once {
            threads.spawn(|| {
                let agent: ureq::Agent =
                    ureq::Agent::config_builder().http_status_as_error(false).build().into();
                begins.wait();
                while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    let request = ureq::http::Request::post(&url)
                        .header("content-type", CONTENT_TYPE)
                        .header("content-encoding", "zstd")
                        .body(body.as_slice())
                        .expect("a sound request");
                    let mut answer = agent.run(request).expect("an answer");
                    assert_eq!(answer.status().as_u16(), 200, "{:?}", answer.body_mut().read_to_string());
                    answer.body_mut().read_to_vec().expect("all of it");
                    times.lock().expect("nobody panics").push(begun.elapsed().as_secs_f64() * 1e3);
                }
            });
        }
        begins.wait();
        Instant::now()
    });
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = (stage.cpu().saturating_sub(before)).as_secs_f64() * 1e3 / size.tablets as f64;
    let mut times = times.into_inner().expect("nobody panics");
    figures.put(
        OF,
        format!("{} tablets, {} at once: syncs", size.tablets, size.at_once),
        size.tablets as f64 / seconds,
        "/s",
    );
    figures.put(OF, "a sync of five sessions, CPU of the service", cpu, "ms");
    figures.put(OF, "50 in 100 are answered within", percentile(&mut times, 50), "ms");
    figures.put(OF, "99 in 100 are answered within", percentile(&mut times, 99), "ms");
    figures.put(OF, "memory of the service, at its peak", stage.service.mebibytes("VmHWM") as f64, "MB");
}

/// A tablet of a group of its own whose people are known, and its request.
fn prepared(stage: &mut Stage, number: usize) -> Vec<u8> {
    let workload = Workload::REALISTIC;
    let group = stage.village.group(&format!("Itsinda {number}"), "sociotherapy");
    stage.village.group = group;
    let mut tablet = Stranger::enrolled(&stage.app, &stage.village, &format!("jeanne{number}"));
    tablet.now = now();
    let codes: Vec<Pseudonym> =
        (1..=workload.people).map(|person| format!("P{person:02}").parse().expect("a code")).collect();
    let people: Vec<Sent> = codes.iter().map(|code| joins(&tablet, group, code)).collect();
    tablet.hand_in(&stage.app, group.into(), &people);
    let meetings: Vec<Sent> =
        (0..SESSIONS).map(|week| meets(&tablet, group, week, number * SESSIONS + week)).collect();
    let batch = tablet.batch(group.into(), &meetings);
    let request = tablet.request(vec![batch]);
    close(Coding::Zstd, &tablet.signed(&request))
}

fn joins(tablet: &Stranger, group: GroupId, code: &Pseudonym) -> Sent {
    let actor = sync_core::change::Actor { device: tablet.device, incarnation: 0 };
    let mut document = Document::genesis(Kind::Participant);
    let joined = document.edit::<Participant>(actor, now(), |person: &mut ParticipantEdit<'_>| {
        person.group().set(group)?;
        person.code().set(code.clone())?;
        person.sex().set(Sex::Female)?;
        person.age_band().set(AgeBand::From36To59)
    });
    let change = joined.expect("sound").expect("new").bytes().to_vec();
    (Kind::Participant, ParticipantId::of(group, code).into(), change)
}

fn meets(tablet: &Stranger, group: GroupId, week: usize, number: usize) -> Sent {
    let id = SessionId::of(group, day_of(week), PartOfDay::Morning.ordinal(), 0);
    (Kind::Session, id.into(), Workload::REALISTIC.written(tablet.device, group, week, number))
}
