//! How often a client asked for tokens, day by day: a drawing made on the server.

use askama::Template;
use askama::filters::HtmlSafe;

/// Height of the drawing.
const HEIGHT: i64 = 60;
/// Width of a day.
const STEP: i64 = 10;

/// The chart of one client.
#[derive(Debug, Template)]
#[template(path = "client_chart.html")]
pub(super) struct Chart {
    bars: Vec<Bar>,
    width: i64,
    days: usize,
    total: i64,
    most: i64,
}

#[derive(Debug)]
struct Bar {
    x: i64,
    height: i64,
}

impl HtmlSafe for Chart {}

impl Chart {
    /// From the counts of each day, today last.
    pub(super) fn new(days: &[i64]) -> Self {
        let most = days.iter().copied().max().unwrap_or_default();
        let place = |number: usize| i64::try_from(number).unwrap_or_default() * STEP;
        let bars = days.iter().enumerate().filter(|(_, count)| **count > 0);
        let bars = bars.map(|(number, count)| {
            // A day with any request shows.
            let height = (i128::from(*count) * i128::from(HEIGHT) / i128::from(most.max(1))).max(1);
            let height = i64::try_from(height).unwrap_or(HEIGHT);
            Bar { x: place(number), height }
        });
        Self {
            bars: bars.collect(),
            width: place(days.len()),
            days: days.len(),
            total: days.iter().fold(0, |total: i64, count| total.saturating_add(*count)),
            most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_with_a_request_has_a_bar_and_none_is_higher_than_the_drawing() {
        let chart = Chart::new(&[0, 1, i64::MAX / 2, 500]);
        assert_eq!(chart.bars.len(), 3);
        assert!(chart.bars.iter().all(|bar| (1..=HEIGHT).contains(&bar.height)));
        assert!(chart.render().is_ok_and(|html| html.contains("M20 60v-60h8v60M30 60v-1h8v1")));
        assert_eq!(Chart::new(&[0; 30]).bars.len(), 0);
    }
}
