//! A sync, carried out one output after the other. It may be stopped between any two of them.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use sealing::SealError;
use sync_core::tablet::{Failure, NotAnAnswer, Output, Report};
use sync_core::time::Moment;

use super::Device;
use crate::folder::FolderError;
use crate::link::{Exchange, Link, LinkError, Said, Traffic};

/// How often the server may say in one sync that it has seen a request, before we stop believing it.
const OUTRUNS: u32 = 3;
/// How many requests one sync may take: 256 MiB of changes in pages of 256 KiB.
const REQUESTS: u32 = 1024;

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Something is put on the disk.
    Keep,
    /// A request is sent; so many changes wait to be handed in.
    Send { waiting: usize },
    /// The sync is over.
    Finish,
}

/// Somebody who watches a sync.
pub trait Progress {
    /// Called before each step; may stop the sync there. Nothing is lost by it.
    fn before(&mut self, _step: Step) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// So many more bytes have travelled.
    fn moved(&mut self, _more: Traffic) {}
}

/// Nobody watches.
impl Progress for () {}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub report: Report,
    /// Bytes of request bodies as they travelled, compressed.
    pub bytes_up: u64,
    /// Bytes of answer bodies as they travelled, compressed.
    pub bytes_down: u64,
}

/// A sync that ended early. Everything recorded is kept, and what was handed in until then stays so.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error("{0}; everything you recorded is kept, sync again when you can")]
    Link(LinkError),
    /// The server said no; its words say what to do about it.
    #[error("{0}. Everything you recorded is kept")]
    Refused(LinkError),
    #[error(transparent)]
    Answer(#[from] NotAnAnswer),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the sync was stopped; everything you recorded is kept")]
    Stopped,
    #[error("the server asks for more without end; everything you recorded is kept, tell your administrator")]
    Endless,
}

impl From<LinkError> for SyncError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Refused(_)
            | LinkError::Address
            | LinkError::InTheOpen
            | LinkError::Authorities(_)
            | LinkError::StoreKeys => Self::Refused(error),
            LinkError::Unreachable(_)
            | LinkError::Broken(_)
            | LinkError::CutOff { .. }
            | LinkError::TooLarge => Self::Link(error),
        }
    }
}

impl Device {
    /// Hands in what waits and fetches what others did.
    ///
    /// # Errors
    /// [`SyncError`] in words.
    pub fn sync(&mut self, progress: &mut dyn Progress) -> Result<Summary, SyncError> {
        let mut link = Link::to(&self.settings.server)?;
        self.sync_over(&mut link, progress)
    }

    /// As [`Device::sync`], over a given link.
    ///
    /// # Errors
    /// [`SyncError`] in words.
    pub fn sync_over(
        &mut self,
        link: &mut dyn Exchange,
        progress: &mut dyn Progress,
    ) -> Result<Summary, SyncError> {
        let done = self.carry_out(link, progress);
        if done.is_err() {
            // What was not yet on the disk is as if it had never come.
            self.go_back();
        }
        done
    }

    fn carry_out(
        &mut self,
        link: &mut dyn Exchange,
        progress: &mut dyn Progress,
    ) -> Result<Summary, SyncError> {
        self.hand_over_key()?;
        let mut traffic = Traffic::default();
        let (mut outruns, mut requests) = (0, 0);
        let mut outputs = VecDeque::from(self.tablet.sync(&self.clock.moment()));
        while let Some(output) = outputs.pop_front() {
            let step = match output {
                Output::Persist(_) => Step::Keep,
                Output::Send(_) => Step::Send { waiting: self.tablet.outbox().len() },
                Output::Finished(_) => Step::Finish,
            };
            if progress.before(step).is_break() {
                return Err(SyncError::Stopped);
            }
            match output {
                Output::Persist(writes) => self.persist(&writes)?,
                Output::Finished(report) => {
                    if let Some(days) = report.lease {
                        self.lend(days)?;
                    }
                    self.end_if_revoked(&report)?;
                    return Ok(Summary { report, bytes_up: traffic.up, bytes_down: traffic.down });
                }
                Output::Send(body) => {
                    requests += 1;
                    let said = link.exchange(body, &mut |more| progress.moved(more)).map(|reply| {
                        traffic.up += reply.traffic.up;
                        traffic.down += reply.traffic.down;
                        reply.said
                    });
                    let moment = self.clock.moment();
                    let next = match said {
                        Ok(Said::Answer(body)) => match self.tablet.answered(&moment, &body) {
                            Ok(next) => next,
                            Err(error) => {
                                let cut = Failure::Answer(body.len());
                                self.goes_on(&moment, cut, error.into())?
                            }
                        },
                        Ok(Said::Seen { last }) => {
                            outruns += 1;
                            self.tablet.outrun(&moment, last)
                        }
                        Err(error) => self.goes_on(&moment, error.failure(), error.into())?,
                    };
                    if outruns > OUTRUNS || requests > REQUESTS {
                        return Err(SyncError::Endless);
                    }
                    outputs.extend(next);
                }
            }
        }
        Err(SyncError::Endless)
    }

    /// Seals the key of the folder for the server, unless it has it: should the tablet lock, a manager's code gets it back.
    fn hand_over_key(&mut self) -> Result<(), SyncError> {
        let Some(store) = self.tablet.store_recipient().filter(|_| !self.tablet.store_has_key()) else {
            return Ok(());
        };
        let sealed = sealing::seal(self.folder.key(), &[store.to_owned()])?;
        self.tablet.hand_over_key(sealed);
        Ok(())
    }

    /// Destroys the key of a revoked tablet, once the server has all that was recorded on it and its receipts. Of a note that was never recorded nobody else
    /// has anything: the key waits until its owner drops it.
    fn end_if_revoked(&mut self, report: &Report) -> Result<(), FolderError> {
        let tablet = &self.tablet;
        let handed_in = tablet.outbox().len() == 0 && tablet.carried() == 0 && tablet.groups().is_empty();
        let nothing_left = handed_in && self.folder.notes_waiting()? == 0;
        if report.revoked && nothing_left { self.folder.destroy() } else { Ok(()) }
    }

    /// A request has no answer: goes on with a smaller one, or ends the sync, and keeps what that said of the link.
    fn goes_on(&mut self, moment: &Moment, how: Failure, error: SyncError) -> Result<Vec<Output>, SyncError> {
        let next = self.tablet.unanswered(moment, how);
        if next.iter().any(|output| matches!(output, Output::Send(_))) {
            return Ok(next);
        }
        for output in next {
            if let Output::Persist(writes) = output {
                self.persist(&writes)?;
            }
        }
        Err(error)
    }
}
