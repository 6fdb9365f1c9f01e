//! A sync as a tablet's machine carries it out: one output after the other, and perhaps killed between any two of them.

use std::collections::VecDeque;

use sync_core::tablet::{Failure, Output, Report};
use sync_core::wire::{Answer, Coding, close};

use super::network::{Mishap, Said};
use super::{Breach, Sound, World, ensure};

/// No sync takes more requests than this here: a tablet may still be used to a link that carries one change at a time.
const REQUESTS: usize = 200;

/// What goes wrong in one sync.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trouble {
    /// The place of a request, and what happens to it.
    pub(super) mishap: Option<(usize, Mishap)>,
    /// The tablet is killed before its output of this place.
    pub(super) kill: Option<usize>,
    /// The link refuses larger requests, and breaks after so many bytes of an answer.
    pub(super) narrow: Option<usize>,
}

impl World {
    /// A sync in which nothing goes wrong; the tablet may be one that is refused.
    pub(super) fn sync_calmly(&mut self, at: usize) -> Sound<Option<Report>> {
        let report = self.sync(at, Trouble::default())?;
        ensure(report.is_some() == self.is_known(at), "who is enrolled can sync, and nobody else", || {
            format!("tablet {at}: {report:?}")
        })?;
        Ok(report)
    }

    /// The report, unless the sync ended early.
    pub(super) fn sync(&mut self, at: usize, trouble: Trouble) -> Sound<Option<Report>> {
        let moment = self.moment_of(at);
        let mut outputs = VecDeque::from(self.slates[at].tablet.sync(&moment));
        let (mut done, mut sent) = (0, 0);
        while let Some(output) = outputs.pop_front() {
            if trouble.kill == Some(done) {
                self.coverage.count("fault: tablet killed");
                self.note(|| format!("    tablet {at} is killed before its output {done}"));
                break;
            }
            done += 1;
            match output {
                Output::Persist(writes) => self.slates[at].persist(writes),
                Output::Finished(report) => {
                    self.tell(at, &report);
                    self.has_paid(at)?;
                    let sound = self.disturbed || report.repaired.is_empty();
                    let promise = "a tablet differs from the store only for a reason";
                    ensure(sound, promise, || format!("tablet {at} repaired {:?}", report.repaired))?;
                    return Ok(Some(report));
                }
                Output::Send(body) => {
                    let mishap = trouble.mishap.filter(|(place, _)| *place == sent).map(|(_, mishap)| mishap);
                    sent += 1;
                    ensure(sent <= REQUESTS, "a sync ends", || format!("tablet {at} asks without end"))?;
                    let too_large = |body: &[u8]| {
                        trouble.narrow.is_some_and(|most| close(Coding::Zstd, body).len() > most)
                    };
                    let said = if too_large(&body) {
                        self.coverage.count("fault: request too large for the link");
                        Said::Failed(Failure::Request)
                    } else {
                        self.exchange(&body, mishap)?
                    };
                    let said = match said {
                        Said::Answer(body) if too_large(&body) => {
                            self.coverage.count("fault: answer too large for the link");
                            Said::Failed(Failure::Answer(trouble.narrow.unwrap_or_default()))
                        }
                        Said::Nothing => Said::Failed(Failure::Either),
                        said => said,
                    };
                    match self.take_in(at, said, mishap)? {
                        Some(next) => outputs.extend(next),
                        None => break,
                    }
                }
            }
        }
        self.slates[at].reopen();
        Ok(None)
    }

    /// What the tablet does about an answer; nothing if it gives up for now.
    fn take_in(&mut self, at: usize, said: Said, mishap: Option<Mishap>) -> Sound<Option<Vec<Output>>> {
        let moment = self.moment_of(at);
        let (known, leads) = (self.is_known(at), self.may_sync(at));
        let tablet = &mut self.slates[at].tablet;
        match said {
            Said::Answer(body) => match tablet.answered(&moment, &body) {
                Ok(next) => {
                    let answer: Answer = minicbor::decode(&body).expect("it was understood");
                    let near = answer.neighbours.map_or(0, |all| all.len());
                    let nothing = answer.pages.is_empty()
                        && answer.people.is_empty()
                        && answer.keys.is_empty()
                        && near == 0;
                    let promise = "who was let go hands in and is sent nothing";
                    ensure(leads || nothing, promise, || format!("tablet {at} was sent something"))?;
                    self.coverage.add("neighbours heard of", near as u64);
                    Ok(Some(next))
                }
                Err(_) if mishap.is_some() => Ok(None),
                Err(error) => Err(Breach { promise: "a whole answer is understood", how: error.to_string() }),
            },
            Said::Seen(last) => {
                self.coverage.count("tablets that began a new life");
                Ok(Some(tablet.outrun(&moment, last)))
            }
            // As a link that refuses it for its size: less goes at once.
            Said::Refused(413, kind) if kind == "too-large" => {
                self.coverage.count("requests that were too much work at once");
                Ok(Some(tablet.unanswered(&moment, Failure::Request)))
            }
            Said::Refused(status, kind) => {
                let due = (!known && (status, kind.as_str()) == (401, "device-unknown")) || status == 503;
                let promise = "a tablet is refused only where the store does not know it";
                ensure(due, promise, || format!("tablet {at}: {status} {kind}"))?;
                Ok(None)
            }
            Said::Failed(how) => Ok(Some(tablet.unanswered(&moment, how))),
            Said::Nothing => Ok(None),
        }
    }

    /// Whether the store knows a tablet: it was not enrolled after the backup to which the store went back.
    pub(super) fn is_known(&self, at: usize) -> bool {
        !self.strangers.contains(&self.slates[at].tablet.device())
    }

    /// Whether a tablet may have groups: the store knows it, and neither it nor its person was let go.
    pub(super) fn may_sync(&self, at: usize) -> bool {
        let slate = &self.slates[at];
        !slate.barred && !self.disabled.contains(&slate.user())
    }

    fn tell(&mut self, at: usize, report: &Report) {
        self.note(|| format!("    tablet {at}: {report:?}"));
        self.slates[at].refused = report.refused > 0;
        let Report {
            requests, accepted, duplicate, quarantined, received, dropped, repaired, carried, ..
        } = report;
        self.coverage.add("parcels handed in", (*carried).into());
        self.coverage.add("changes accepted", (*accepted).into());
        self.coverage.add("changes that were duplicates", (*duplicate).into());
        self.coverage.add("changes received", (*received).into());
        self.coverage.add("streams dropped", (*dropped).into());
        self.coverage.add("streams repaired", repaired.len() as u64);
        self.coverage.add("records seen clashing", report.clashing.len() as u64);
        self.coverage.add("requests", (*requests).into());
        self.coverage.add("rejections that a tablet heard", report.rejected.len() as u64);
        for (_, reason) in quarantined {
            self.coverage.count(format!("quarantined: {}", reason.code()));
        }
    }
}
