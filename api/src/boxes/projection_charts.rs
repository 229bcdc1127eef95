//! A projection as charts: cash by step, debt against depreciated cost, DSCR against the covenants.

use anyhow::Context as _;
use ledger::Amount;
use ledger::deal::{Deal, ProjectedDate, Projection, Quantity};
use plotters::coord::Shift;
use plotters::prelude::*;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

const SIZE: (u32, u32) = (1000, 1260);
const FONT: &str = "sans-serif";
/// The highest DSCR that is drawn: that of a last small payment would flatten all others.
const DSCR_MAX: f64 = 3.0;

type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Three charts below each other, as an SVG document.
///
/// # Errors
/// When there is nothing to draw.
pub fn projection_svg(deal: &Deal, projection: &Projection) -> anyhow::Result<String> {
    let mut text = String::new();
    draw(deal, &projection.dates, &mut text).context("the charts cannot be drawn")?;
    Ok(text)
}

fn draw(deal: &Deal, dates: &[ProjectedDate], text: &mut String) -> anyhow::Result<()> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    if let [cash, debt, dscr] = &root.split_evenly((3, 1))[..] {
        draw_cash(cash, dates)?;
        draw_debt(debt, dates)?;
        draw_dscr(dscr, deal, dates)?;
    }
    root.present()?;
    Ok(())
}

/// What each step is paid on each date, stacked in the order of priority.
fn draw_cash(panel: &Panel<'_>, dates: &[ProjectedDate]) -> anyhow::Result<()> {
    let most = dates.iter().map(|date| millions(date.run.available)).fold(0.0, f64::max);
    let mut chart = Chart::on(panel, dates, "What each step is paid, in millions", 0.0..most)?;
    let steps = dates.first().map_or(0, |date| date.run.steps.len());
    let mut below = vec![Amount::ZERO; dates.len()];
    for nth in 0..steps {
        let paid: Vec<Amount> = dates.iter().map(|date| date.run.steps[nth].paid).collect();
        if paid.iter().all(|paid| paid.is_zero()) {
            continue;
        }
        let bars = paid.iter().zip(&mut below).enumerate().map(|(at, (paid, below))| {
            let from = *below;
            *below += *paid;
            // A bar around its date's number.
            let (left, right) = (at_number(at) - 0.4, at_number(at) + 0.4);
            Rectangle::new([(left, millions(from)), (right, millions(*below))], color(nth).filled())
        });
        let bars: Vec<_> = bars.collect();
        chart.0.draw_series(bars)?.label(dates[0].run.steps[nth].name.as_str()).legend(swatch(color(nth)));
    }
    chart.label()
}

fn draw_debt(panel: &Panel<'_>, dates: &[ProjectedDate]) -> anyhow::Result<()> {
    let both = dates.iter().flat_map(|date| [date.debt, date.depreciated_cost]);
    let most = both.map(millions).fold(0.0, f64::max);
    let mut chart = Chart::on(panel, dates, "Debt and depreciated cost, in millions", 0.0..most)?;
    let line = |of: fn(&ProjectedDate) -> Amount| {
        dates.iter().enumerate().map(|(at, date)| (at_number(at), millions(of(date)))).collect::<Vec<_>>()
    };
    chart.line("debt", line(|date| date.debt), RED)?;
    chart.line("depreciated cost", line(|date| date.depreciated_cost), BLUE)?;
    chart.label()
}

fn draw_dscr(panel: &Panel<'_>, deal: &Deal, dates: &[ProjectedDate]) -> anyhow::Result<()> {
    let ratio = |number: Decimal| number.to_f64().unwrap_or_default().clamp(0.0, DSCR_MAX);
    let ratios =
        dates.iter().enumerate().filter_map(|(at, date)| Some((at_number(at), ratio(date.run.tests.dscr?.decimal()))));
    let mut chart = Chart::on(panel, dates, "DSCR and its covenants, drawn from 0 to 3", 0.0..DSCR_MAX)?;
    chart.line("DSCR", ratios.collect(), BLACK)?;
    let covenants = &deal.terms().covenants;
    let mut level = |name: &str, covenant: Option<Quantity>, color| {
        let Some(covenant) = covenant else { return Ok(()) };
        let level = ratio(covenant.decimal());
        chart.line(name, vec![(0.5, level), (at_number(dates.len()) - 0.5, level)], color)
    };
    level("lock-up", covenants.lock_up_dscr, color(3))?;
    level("default", covenants.default_dscr, RED)?;
    chart.label()
}

type Axes = Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>;

/// A chart over the determination dates.
struct Chart<'a, 'b>(ChartContext<'a, SVGBackend<'b>, Axes>);

impl<'a, 'b: 'a> Chart<'a, 'b> {
    fn on(
        panel: &'a Panel<'b>,
        dates: &[ProjectedDate],
        caption: &str,
        values: std::ops::Range<f64>,
    ) -> anyhow::Result<Self> {
        // Some room above the highest value, and some height where there is none.
        let top = if values.end > 0.0 { values.end * 1.05 } else { 1.0 };
        let mut chart = ChartBuilder::on(panel)
            .caption(caption, (FONT, 20))
            .margin(12)
            .margin_right(44)
            .x_label_area_size(32)
            .y_label_area_size(56)
            .build_cartesian_2d(0.5..at_number(dates.len()) - 0.5, values.start..top)?;
        let date_at = |number: &f64| {
            let at = number.round() - 1.0;
            let date = at.to_usize().and_then(|at| dates.get(at));
            date.map(|date| date.run.date.to_string()).unwrap_or_default()
        };
        chart
            .configure_mesh()
            .label_style((FONT, 14))
            .x_labels(8)
            .disable_x_mesh()
            .x_label_formatter(&date_at)
            .draw()?;
        Ok(Self(chart))
    }

    fn line(&mut self, name: &str, points: Vec<(f64, f64)>, color: RGBColor) -> anyhow::Result<()> {
        let series = self.0.draw_series(LineSeries::new(points, color.stroke_width(2)))?;
        series.label(name).legend(swatch(color));
        Ok(())
    }

    fn label(&mut self) -> anyhow::Result<()> {
        let mut labels = self.0.configure_series_labels();
        labels
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.8))
            .label_font((FONT, 14))
            .draw()?;
        Ok(())
    }
}

fn swatch(color: RGBColor) -> impl Fn((i32, i32)) -> Rectangle<(i32, i32)> {
    move |(x, y)| Rectangle::new([(x, y - 5), (x + 16, y + 5)], color.filled())
}

/// Where a date is drawn: at its number.
fn at_number(at: usize) -> f64 {
    (at + 1).to_f64().unwrap_or_default()
}

fn millions(amount: Amount) -> f64 {
    amount.to_decimal().to_f64().unwrap_or_default() / 1e6
}

/// Colors that are told apart, in turns.
fn color(nth: usize) -> RGBColor {
    const COLORS: [RGBColor; 9] = [
        RGBColor(68, 119, 170),
        RGBColor(102, 204, 238),
        RGBColor(34, 136, 51),
        RGBColor(204, 187, 68),
        RGBColor(238, 102, 119),
        RGBColor(170, 51, 119),
        RGBColor(187, 187, 187),
        RGBColor(221, 119, 34),
        RGBColor(17, 68, 68),
    ];
    COLORS[nth % COLORS.len()]
}
