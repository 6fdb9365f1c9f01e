//! Luck that is drawn once for ever: a fraction that follows from the store's secret and from what it is drawn for. Whoever could draw
//! again, or asked in many ways, would average the rounding out.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What is drawn for a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Draw {
    /// Whether it is rounded up.
    Round,
    /// Whether it is the one that joins the pool.
    Pull,
}

/// Where fractions come from: the [`Secret`], or whatever a test supposes.
pub trait Luck {
    /// A fraction above 0 and below 1 for the node at a path.
    fn fraction(&self, path: &str, draw: Draw) -> f64;
}

/// The store's permanent secret.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The luck of the tree of a measure, of an organisation (or of the whole partnership, by an empty name), in a release. A revision draws
    /// for itself: who was drawn into the pool of one release would tell who was not drawn into that of the other, and so who of two that are
    /// told of together has one to four people.
    pub fn luck<'a>(&'a self, measure: &'a str, owner: &'a str, release: &'a str) -> impl Luck + 'a {
        Drawn { secret: self, measure, owner, release }
    }
}

struct Drawn<'a> {
    secret: &'a Secret,
    measure: &'a str,
    owner: &'a str,
    release: &'a str,
}

impl Luck for Drawn<'_> {
    fn fraction(&self, path: &str, draw: Draw) -> f64 {
        let mut hmac =
            Hmac::<Sha256>::new_from_slice(&self.secret.0).expect("HMAC takes a key of any length");
        let draw = match draw {
            Draw::Round => "round",
            Draw::Pull => "pull",
        };
        for part in [self.measure, self.owner, self.release, path, draw] {
            // No name holds a zero byte, so no two lists of parts read alike.
            hmac.update(part.as_bytes());
            hmac.update(&[0]);
        }
        let tag = hmac.finalize().into_bytes();
        let number = tag.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        // 53 bits are what an f64 holds exactly; the half keeps it off 0 and 1.
        ((number >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_a_fraction_and_follows_from_the_secret_and_from_all_that_it_is_drawn_for() {
        let (one, other) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let draw = |secret: &Secret, [measure, owner, release, path]: [&str; 4], draw| {
            secret.luck(measure, owner, release).fraction(path, draw)
        };
        let of = ["people", "aegis", "2026-Q1", "52"];
        let all = [
            draw(&one, of, Draw::Round),
            draw(&one, of, Draw::Pull),
            draw(&other, of, Draw::Round),
            draw(&one, ["people", "aegis", "2026-Q1", "51"], Draw::Round),
            draw(&one, ["people", "aegis", "2026-Q2", "52"], Draw::Round),
            draw(&one, ["people", "aegi", "s2026-Q1", "52"], Draw::Round),
        ];
        for (at, fraction) in all.iter().enumerate() {
            assert!((0.0..1.0).contains(fraction) && *fraction > 0.0);
            assert!(!all[..at].contains(fraction), "{all:?}");
        }
        assert_eq!(all[0].to_bits(), draw(&one, of, Draw::Round).to_bits());
    }
}
