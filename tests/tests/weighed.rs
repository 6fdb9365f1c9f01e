//! What is weighed in this very process: nothing else runs in it.

mod replay;
mod naming;
mod settling;
