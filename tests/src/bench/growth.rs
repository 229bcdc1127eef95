//! How what something costs grows with the book or the books: as a power of their size.

/// What something costs at a size, such as a number of asks or of lines, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub size: f64,
    pub mean: f64,
    pub p99: f64,
}

/// A line through the costs on logarithmic axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    pub exponent: f64,
    /// The logarithm of what a book of one ask would cost.
    offset: f64,
}

impl Growth {
    /// The line nearest to the means, by least squares; none through fewer than two sizes.
    pub fn of(costs: &[Cost]) -> Option<Self> {
        if costs.len() < 2 {
            return None;
        }
        let mean = |of: fn(&Cost) -> f64| costs.iter().map(of).sum::<f64>() / costs.iter().map(|_| 1.0).sum::<f64>();
        let (mean_x, mean_y) = (mean(|cost| cost.size.ln()), mean(|cost| cost.mean.ln()));
        let deviations = || costs.iter().map(|cost| (cost.size.ln() - mean_x, cost.mean.ln() - mean_y));
        let variance: f64 = deviations().map(|(x, _)| x * x).sum();
        let exponent = deviations().map(|(x, y)| x * y).sum::<f64>() / variance;
        Some(Self { exponent, offset: mean_y - exponent * mean_x })
    }

    /// What the line says a bid costs, in microseconds.
    pub fn at(&self, asks: f64) -> f64 {
        (self.offset + self.exponent * asks.ln()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_is_found_again() {
        let costs = [10.0_f64, 100.0, 1_000.0].map(|asks| Cost { size: asks, mean: 3.0 * asks.sqrt(), p99: 0.0 });
        let growth = Growth::of(&costs).unwrap();
        assert!((growth.exponent - 0.5).abs() < 1e-9);
        assert!((growth.at(10_000.0) - 300.0).abs() < 1e-6);
        assert!(Growth::of(&costs[..1]).is_none());
    }
}
