//! One tablet hands in what was recorded in many groups; another fetches it; then nothing is new, and then ten records are.

use std::time::{Duration, Instant};

use sync_core::id::GroupId;
use sync_core::record::session::Theme;
use tablet::device::{Device, Summary};
use tablet::link::Link;
use tablet::recording::Details;

use super::Size;
use super::figure::Figures;
use super::proxy::{BREAKING, EDGE, Proxy};
use super::stage::{Stage, all_join, all_meet};
use super::workload::{Workload, day_of};
use crate::village::record;

/// Meetings of one group.
const EACH: usize = 20;
/// Syncs with nothing new.
const QUIET: u32 = 200;

pub(super) fn measure(workload: Workload, size: Size, stage: &Stage, raw: Duration, figures: &mut Figures) {
    let of = workload.name;
    let groups: Vec<GroupId> = (0..size.sessions / EACH)
        .map(|number| stage.village.group(&format!("Itsinda {number}"), "sociotherapy"))
        .collect();
    let [mut jeanne, mut paul] = ["jeanne", "paul"].map(|name| stage.tablet(name, &groups));
    sync(&mut jeanne);
    all_join(&mut jeanne, &groups, workload);
    sync(&mut jeanne);
    sync(&mut paul);
    all_meet(&mut jeanne, &groups, 0..EACH, workload);

    let (cpu, up) = stage.costs(|| sync(&mut jeanne));
    let count = format!("{} sessions", groups.len() * EACH);
    figures.put(of, format!("{count}, up"), kb(up.bytes_up), "KB");
    figures.put(of, format!("{count}, up: answers"), kb(up.bytes_down), "KB");
    figures.put(of, format!("{count}, up: CPU of the service"), cpu.as_secs_f64(), "s");
    let each = cpu / (groups.len() * EACH) as u32;
    figures.put(of, "a change, CPU of the service", each.as_secs_f64() * 1e3, "ms");
    figures.put(of, "a change, CPU as a ratio to raw Automerge", each.as_secs_f64() / raw.as_secs_f64(), "x");
    let (cpu, down) = stage.costs(|| sync(&mut paul));
    figures.put(of, format!("{count}, second tablet down"), kb(down.bytes_down), "KB");
    figures.put(of, format!("{count}, second tablet: CPU of the service"), cpu.as_secs_f64(), "s");

    let (cpu, quiet) = stage.costs(|| (0..QUIET).map(|_| sync(&mut paul)).last().expect("at least one"));
    let groups_said = format!("nothing new, {} groups", groups.len());
    figures.put(of, format!("{groups_said}, up"), kb(quiet.bytes_up), "KB");
    figures.put(of, format!("{groups_said}, down"), kb(quiet.bytes_down), "KB");
    figures.put(of, format!("{groups_said}, CPU of the service"), (cpu / QUIET).as_secs_f64() * 1e3, "ms");

    edit_ten(&mut jeanne, &groups);
    sync(&mut jeanne);
    let ten = sync(&mut paul);
    figures.put(of, "ten changed, second tablet down", kb(ten.bytes_down), "KB");
    figures.put(of, "memory of the service, at its peak", stage.service.mebibytes("VmHWM") as f64, "MB");
    if size.links {
        over_a_slow_link(workload, stage, &groups, figures);
    }
}

/// The same over EDGE: 300 ms there and back, 32 KB a second; and where that breaks again and again.
fn over_a_slow_link(workload: Workload, stage: &Stage, groups: &[GroupId], figures: &mut Figures) {
    let proxy = Proxy::to(&stage.service.url, EDGE);
    let mut keza = stage.tablet("keza", groups);
    let mut over = |tablet: &mut Device, name: &str| {
        let mut link = Link::to(&proxy.url).expect("a sound address");
        let begun = Instant::now();
        tablet.sync_over(&mut link, &mut ()).expect("a sync");
        figures.put(workload.name, format!("300 ms, 32 KB/s: {name}"), begun.elapsed().as_secs_f64(), "s");
    };
    over(&mut keza, "all of it down");
    over(&mut keza, "nothing new");
    all_meet(&mut keza, groups, EACH..2 * EACH, workload);
    over(&mut keza, "as much again up");

    let proxy = Proxy::to(&stage.service.url, BREAKING);
    all_meet(&mut keza, groups, 2 * EACH..3 * EACH, workload);
    let (begun, mut syncs) = (Instant::now(), 0);
    // Each sync is one that the facilitator begins; what came through before it broke is not sent again.
    while keza.tablet().outbox().len() > 0 || syncs == 0 {
        syncs += 1;
        assert!(syncs < 1_000, "what waits is handed in, sooner or later");
        keza.sync_over(&mut Link::to(&proxy.url).expect("a sound address"), &mut ()).ok();
    }
    let of = "300 ms, 32 KB/s, breaking after 48 KB: as much again up";
    figures.put(workload.name, of, begun.elapsed().as_secs_f64(), "s");
    figures.put(workload.name, format!("{of}, syncs"), f64::from(syncs), "");
}

fn edit_ten(tablet: &mut Device, groups: &[GroupId]) {
    let theme = Details { themes: Theme::ALL.iter().copied().collect(), ..Details::default() };
    for group in groups.iter().take(10) {
        record(tablet, *group, day_of(0), theme.clone());
    }
}

fn sync(tablet: &mut Device) -> Summary {
    tablet.sync(&mut ()).expect("a sync")
}

fn kb(bytes: u64) -> f64 {
    bytes as f64 / 1e3
}
