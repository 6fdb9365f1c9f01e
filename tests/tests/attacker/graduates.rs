//! The figure of those who graduated beside that of the people of whom they are some: every world of up to [`MOST`] people is tried, in the first release
//! and in the revision, with each way in which figures can be drawn.

use std::collections::BTreeMap;

use server::published::counts::{Counted, Place, RawCounts};
use server::published::graduates::beside_people;
use server::published::luck::{Draw, Luck};
use server::published::measure::Measure;
use server::published::tree::{Method, Tree};
use server::published::{GRADUATES, PEOPLE};

/// Of so many people an organisation has at most.
const MOST: i64 = 28;
/// Figures up to this one are looked at: what more than [`MOST`] people could be told as is not complete.
const LOOKED_AT: i64 = 20;

/// Each figure is rounded up, or none is.
struct Always(bool);

impl Luck for Always {
    fn fraction(&self, _path: &str, _draw: Draw) -> f64 {
        if self.0 { 0.01 } else { 0.99 }
    }
}

/// What is published of people and of graduates, first and revised.
type Told = [Option<i64>; 4];
/// The numbers that were seen of each, as bits.
type Seen = [u64; 4];

fn counted(measure: &Measure, number: i64) -> Counted {
    let mut counts = RawCounts::default();
    counts.add(measure.splits.iter().map(|split| (*split).to_owned()).collect(), number);
    Counted { places: vec![Place { name: String::new(), counts }], apart: false }
}

/// The first release of a number, and the revision with another one.
fn trees(measure: &'static Measure, [first, now]: [i64; 2], [up, later]: [bool; 2]) -> [Option<Tree>; 2] {
    let (first, now) = (counted(measure, first), counted(measure, now));
    let tree = Method { measure, luck: &Always(up) }.first(&first);
    let revised = Method { measure, luck: &Always(later) }.revise(tree.as_ref(), &first, &now).tree;
    [tree, revised]
}

/// The fewest numbers that stay possible of anything that is told, if graduates are told where `told` says.
fn fewest(told: impl Fn(&Tree, Option<Tree>) -> Option<Tree>) -> u32 {
    let pairs = || (0..=MOST).flat_map(|first| (0..=MOST).map(move |now| [first, now]));
    let lucks = [[false, false], [false, true], [true, false], [true, true]];
    let all = |measure| -> Vec<([i64; 2], [Option<Tree>; 2])> {
        let each = pairs().flat_map(|numbers| lucks.map(|luck| (numbers, trees(measure, numbers, luck))));
        each.collect()
    };
    let (people, graduates) = (all(&PEOPLE), all(&GRADUATES));
    let root = |tree: &Tree| tree.root.number();
    let mut seen: BTreeMap<Told, Seen> = BTreeMap::new();
    for (came, of) in &people {
        let few = |one: &&([i64; 2], [Option<Tree>; 2])| one.0[0] <= came[0] && one.0[1] <= came[1];
        for (graduated, theirs) in graduates.iter().filter(few) {
            let [first, revised] =
                [0, 1].map(|at| of[at].as_ref().and_then(|people| told(people, theirs[at].clone())));
            let [one, two] = of.each_ref().map(|tree| tree.as_ref().map(root));
            let seen =
                seen.entry([one, two, first.as_ref().map(root), revised.as_ref().map(root)]).or_default();
            for (bits, number) in seen.iter_mut().zip([came[0], came[1], graduated[0], graduated[1]]) {
                *bits |= 1 << number;
            }
        }
    }
    let looked_at =
        seen.into_iter().filter(|(told, _)| told.iter().flatten().all(|figure| *figure <= LOOKED_AT));
    let kept = looked_at.flat_map(|(_, seen)| seen).map(u64::count_ones);
    kept.min().expect("something is told")
}

#[test]
fn no_figure_of_graduates_narrows_the_people_or_is_narrowed() {
    let kept = fewest(beside_people);
    println!("the least that is kept beside graduates is {kept} numbers");
    assert!(i64::from(kept) >= PEOPLE.least, "{kept}");
}

#[test]
fn it_would_if_it_were_always_told() {
    let kept = fewest(|_, graduates| graduates);
    println!("the least that would be kept is {kept} numbers");
    assert!(
        i64::from(kept) < PEOPLE.least,
        "the attack must find something where there is something to find"
    );
}
