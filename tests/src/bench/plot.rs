//! The plot of what a bid costs against the size of the book, as SVG on logarithmic axes.

use std::ops::Range;

use anyhow::Context as _;
use plotters::prelude::*;

use super::growth::{Cost, Growth};

const SIZE: (u32, u32) = (800, 500);
const FONT: &str = "sans-serif";

/// Draws the costs by size, their 99th percentiles, and the line through them.
pub(super) fn svg(costs: &[Cost]) -> anyhow::Result<String> {
    let growth = Growth::of(costs).context("one size alone makes no plot")?;
    let mut text = String::new();
    draw(costs, growth, &mut text).context("the plot cannot be drawn")?;
    Ok(text)
}

fn draw(costs: &[Cost], growth: Growth, text: &mut String) -> anyhow::Result<()> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let sizes = decades(costs.iter().map(|cost| cost.size));
    let times = decades(costs.iter().flat_map(|cost| [cost.mean, cost.p99]));
    let caption = format!("A bid costs as the asks at rest to the power of {:.2}", growth.exponent);
    let mut chart = ChartBuilder::on(&root)
        .caption(caption, (FONT, 20))
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(72)
        .build_cartesian_2d(sizes.clone().log_scale(), times.log_scale())?;
    chart
        .configure_mesh()
        .x_desc("asks at rest")
        .y_desc("microseconds per bid")
        .label_style((FONT, 14))
        .x_label_formatter(&|asks| format!("{asks:.0}"))
        .y_label_formatter(&|micros| format!("{micros}"))
        .draw()?;
    let mut series = |name: &str, points: Vec<(f64, f64)>, color: RGBColor, dots: u32| -> anyhow::Result<()> {
        let line = LineSeries::new(points, color.stroke_width(2)).point_size(dots);
        let legend = move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color.stroke_width(2));
        chart.draw_series(line)?.label(name).legend(legend);
        Ok(())
    };
    let ends = [costs[0].size, costs[costs.len() - 1].size];
    series("fitted to the mean", ends.map(|asks| (asks, growth.at(asks))).to_vec(), RGBColor(160, 160, 160), 0)?;
    series("mean", costs.iter().map(|cost| (cost.size, cost.mean)).collect(), BLUE, 4)?;
    series("99th percentile", costs.iter().map(|cost| (cost.size, cost.p99)).collect(), RED, 4)?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK)
        .label_font((FONT, 14))
        .draw()?;
    root.present()?;
    Ok(())
}

/// The powers of ten around all of these.
fn decades(values: impl Iterator<Item = f64> + Clone) -> Range<f64> {
    let (least, most) = (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN_POSITIVE, f64::max));
    10_f64.powf(least.log10().floor())..10_f64.powf(most.log10().ceil())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plot_says_what_it_shows() {
        let costs = [1_000.0_f64, 10_000.0, 100_000.0].map(|asks| Cost { size: asks, mean: asks.sqrt(), p99: asks });
        let svg = svg(&costs).unwrap();
        for text in ["asks at rest", "microseconds per bid", "the power of 0.50", "99th percentile", "100000"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(super::svg(&costs[..1]).is_err());
    }
}
