//! Whatever is said of sessions at the same time, the service counts them as the tablets do.

use super::*;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Void, moved, moved from, double: of what is there, of what is not, in chains and in circles.
#[test]
fn whatever_is_said_at_once_totals_count_as_the_tablets_do() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        for seed in 0..8 {
            println!("seed {seed}");
            let mut random = StdRng::seed_from_u64(seed);
            let group: GroupId = cast.village.group(&format!("Group {seed}"), "sociotherapy");
            for tablet in [&mut cast.jeanne, &mut cast.paul] {
                cast.village.assign(tablet.tablet().user(), group);
                sync(tablet);
            }
            // Each records them, so that each may make them void.
            let all: Vec<SessionId> = (1..=9)
                .map(|date| record(&mut cast.jeanne, group, day(3, date), Details::default()))
                .collect();
            (1..=9).for_each(|date| {
                record(&mut cast.paul, group, day(3, date), Details::default());
            });
            cast.settle();
            for _ in 0..12 {
                let one = all[random.random_range(0..all.len())];
                let other = match random.random_range(0..8) {
                    0 => SessionId::of(group, day(4, 1), 0, 0),
                    _ => all[random.random_range(0..all.len())],
                };
                let said = random.random_range(0..5);
                // Of two who say at once where it was moved from, one is told that it stays: only one of them does.
                let hers = said == 4 || random.random();
                let tablet = if hers { &mut cast.jeanne } else { &mut cast.paul };
                let reason = "It never was.".parse().expect("a line");
                if one == other {
                    continue;
                }
                let wrote = tablet.edit::<Meeting>(group.into(), one, |edit| match said {
                    0 => edit.void().set(reason),
                    1 => edit.void().clear(),
                    2 => edit.moved_to().set(other),
                    3 => edit.double_of().set(other),
                    _ => edit.moved_from().set(other),
                });
                // What was moved from elsewhere already stays so.
                assert!(wrote.is_ok() || said == 4, "{wrote:?}");
            }
            cast.settle();
            let answer = cast.village.aggregates(&format!("group={group}"));
            let counted = answer["total"]["sessions"].as_i64();
            for tablet in [&cast.jeanne, &cast.paul] {
                assert_eq!(Some(Count::of_tablets([tablet], &[group]).sessions), counted);
            }
            let listed = cast.village.manager.all(&format!("/v1/sessions?group={group}"));
            let counts = listed.iter().filter(|one| one["counts"] == true).count() as i64;
            assert_eq!(Some(counts), counted);
        }
    });
}
