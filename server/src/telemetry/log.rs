//! The log of this process: where it goes, how it looks, and how much of it there is.

use std::io::{self, IsTerminal};
use std::panic;

pub use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged, and what of the settings was not understood.
struct Asked {
    filter: Targets,
    json: bool,
    wrong: Vec<String>,
}

/// Starts the log of this process, on standard error: text, or JSON where `IHURIRO_LOG_FORMAT=json`; filtered by
/// `RUST_LOG`, from the level `usual` up if unset. A setting that is not understood is left aside, and said so in the
/// log's first line. A process calls this once, at its start; again does nothing.
pub fn start_log(usual: LevelFilter) {
    let setting = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let Asked { filter, json, wrong } =
        asked(usual, setting("RUST_LOG").as_deref(), setting("IHURIRO_LOG_FORMAT").as_deref());
    let lines = fmt::layer().with_ansi(colours(&io::stderr())).with_writer(io::stderr);
    let log = tracing_subscriber::registry().with(filter).with(nothing_of_content());
    let started =
        if json { log.with(lines.json().flatten_event(true)).try_init() } else { log.with(lines).try_init() };
    if started.is_err() {
        return;
    }
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    for sentence in wrong {
        tracing::warn!("{sentence}");
    }
}

/// Whatever is asked for: what asks identity providers would write down each byte of it, with tokens and secrets, and what merges records the
/// reasons that people give; and what reads an address or a body writes down the address that it can't read, with whatever somebody typed there.
fn nothing_of_content() -> Targets {
    // With all whose names begin so.
    let quiet = ["ureq", "automerge", "actix_web::types"].map(|target| (target, LevelFilter::WARN));
    Targets::new().with_default(LevelFilter::TRACE).with_targets(quiet)
}

/// Whether to write to a stream in colours: a terminal, whose user did not refuse them (<https://no-color.org>).
pub fn colours(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}

fn asked(usual: LevelFilter, filter: Option<&str>, format: Option<&str>) -> Asked {
    let mut wrong = Vec::new();
    // A pool that can't connect is told by the request that needed it; r2d2 would tell it dozens of times more.
    let by_default = || {
        Targets::new()
            .with_default(usual)
            .with_target("actix_server", LevelFilter::WARN.min(usual))
            .with_target("r2d2", LevelFilter::OFF)
    };
    let filter = match filter.map(|text| (text, text.parse::<Targets>())) {
        None => by_default(),
        Some((_, Ok(filter))) => filter,
        Some((text, Err(error))) => {
            wrong.push(format!(
                "RUST_LOG={text} is not understood ({error}). It is left aside: lines from the level {usual} up are \
                 written. Write a level (error, warn, info, debug, trace or off), or some with what they are for, as in \
                 RUST_LOG=warn,server::sync=debug"
            ));
            by_default()
        }
    };
    if let Some(other) = format.filter(|format| !["json", "text"].contains(format)) {
        wrong.push(format!(
            "IHURIRO_LOG_FORMAT={other} is not understood: it is json, or text, which is written now"
        ));
    }
    Asked { filter, json: format == Some("json"), wrong }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn no_byte_of_what_is_asked_of_others_is_written_whatever_is_asked_for() {
        let filter = nothing_of_content();
        for target in ["ureq", "ureq::pool", "ureq_proto::util", "automerge::transaction::inner"] {
            assert!(!filter.would_enable(target, &Level::DEBUG) && filter.would_enable(target, &Level::WARN));
        }
        assert!(filter.would_enable("server::sync", &Level::TRACE));
    }

    #[test]
    fn a_setting_that_is_not_understood_is_said_and_left_aside() {
        let Asked { filter, json, wrong } = asked(LevelFilter::INFO, Some("server=lots"), Some("jsn"));
        assert!(filter.would_enable("server", &Level::INFO) && !filter.would_enable("server", &Level::DEBUG));
        assert!(!json);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].contains("RUST_LOG=server=lots") && wrong[1].contains("IHURIRO_LOG_FORMAT=jsn"));
    }

    #[test]
    fn what_is_asked_for_is_logged_and_a_pool_says_nothing_unasked() {
        let usual = asked(LevelFilter::WARN, None, Some("json"));
        assert!(usual.json && usual.wrong.is_empty());
        assert!(usual.filter.would_enable("server", &Level::WARN));
        assert!(!usual.filter.would_enable("r2d2", &Level::ERROR));
        let more = asked(LevelFilter::WARN, Some("warn,server::sync=debug"), None);
        assert!(more.wrong.is_empty());
        assert!(more.filter.would_enable("server::sync::push", &Level::DEBUG));
        assert!(!more.filter.would_enable("server::records", &Level::INFO));
    }
}
