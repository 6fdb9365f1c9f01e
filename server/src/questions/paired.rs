//! The change of paired scores.

/// What pairs of scores come to, each before and after. What needs more pairs than there are is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Paired {
    pub(super) n: usize,
    pub(super) mean_before: Option<f64>,
    pub(super) mean_after: Option<f64>,
    pub(super) mean_change: Option<f64>,
    /// Of a sample: divided by n - 1.
    pub(super) sd_change: Option<f64>,
    /// Cohen's d of paired scores, d_z: the mean change by its standard deviation.
    pub(super) effect: Option<f64>,
}

/// Of the normal distribution: 95 % lie within so many standard errors.
const WITHIN_95: f64 = 1.959_964;

impl Paired {
    pub(super) fn of(pairs: &[(f64, f64)]) -> Self {
        let n = pairs.len();
        let mean = |of: fn(&(f64, f64)) -> f64| (n > 0).then(|| pairs.iter().map(of).sum::<f64>() / n as f64);
        let mean_change = mean(|(before, after)| after - before);
        let squares = mean_change
            .map(|mean| pairs.iter().map(|(before, after)| (after - before - mean).powi(2)).sum::<f64>());
        let sd_change = squares.filter(|_| n > 1).map(|squares| (squares / (n - 1) as f64).sqrt());
        let effect = mean_change.zip(sd_change).filter(|(_, sd)| *sd > 0.0).map(|(mean, sd)| mean / sd);
        Self {
            n,
            mean_before: mean(|pair| pair.0),
            mean_after: mean(|pair| pair.1),
            mean_change,
            sd_change,
            effect,
        }
    }

    /// Between which effects the true one lies with 95 % confidence, by the large-sample variance 1/n + d²/(2n) (Hedges and Olkin 1985).
    pub(super) fn interval(self) -> Option<(f64, f64)> {
        let effect = self.effect?;
        let n = self.n as f64;
        let error = (1.0 / n + effect * effect / (2.0 * n)).sqrt();
        Some((effect - WITHIN_95 * error, effect + WITHIN_95 * error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: Option<f64>, other: f64) -> bool {
        one.is_some_and(|one| (one - other).abs() < 1e-3)
    }

    /// Student's sleep data (Biometrika 1908): R gives their mean change and its standard deviation, and so the effect; the interval is 1.2846 ± 1.96 · 0.4272.
    #[test]
    fn students_sleep_data_has_the_effect_that_is_published() {
        let before = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let after = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let pairs: Vec<(f64, f64)> = before.into_iter().zip(after).collect();
        let paired = Paired::of(&pairs);
        assert!(near(paired.mean_change, 1.58) && near(paired.sd_change, 1.229_995), "{paired:?}");
        assert!(near(paired.effect, 1.284_559), "{paired:?}");
        let (from, to) = paired.interval().expect("an interval");
        assert!(near(Some(from), 0.447_25) && near(Some(to), 2.121_86), "{from} {to}");
    }

    #[test]
    fn too_few_pairs_have_no_effect() {
        assert_eq!(Paired::of(&[]).mean_change, None);
        let one = Paired::of(&[(3.0, 5.0)]);
        assert_eq!((one.mean_change, one.sd_change, one.effect), (Some(2.0), None, None));
        // All changed alike.
        assert_eq!(Paired::of(&[(3.0, 5.0), (1.0, 3.0)]).effect, None);
    }
}
