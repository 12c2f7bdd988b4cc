//! The figures of one run, as a table.

/// What was measured.
#[derive(Default)]
pub(crate) struct Figures(Vec<Figure>);

struct Figure {
    name: String,
    unit: &'static str,
    values: Vec<f64>,
    floor: Option<f64>,
}

impl Figures {
    /// Adds a figure, measured several times, and what the floor reached if it was asked.
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        mut values: Vec<f64>,
        floor: Option<f64>,
    ) {
        values.sort_by(f64::total_cmp);
        self.0.push(Figure {
            name: name.into(),
            unit,
            values,
            floor,
        });
    }

    /// Adds the cores that programs used in the last run, in hundredths.
    pub(crate) fn cores(&mut self, cores: Vec<(&'static str, f64)>) {
        for (program, cores) in cores {
            self.add(
                format!("cores, {program}"),
                "% of one",
                vec![cores * 100.0],
                None,
            );
        }
    }

    /// Prints name, median, range and, with a floor, the ratio.
    pub(crate) fn print(&self) {
        println!(
            "{:<44} {:>14} {:>27}  {:>12}  ratio",
            "figure", "median", "range", "floor"
        );
        for figure in &self.0 {
            let median = figure.values[figure.values.len() / 2];
            let (least, most) = (figure.values[0], figure.values[figure.values.len() - 1]);
            let range = format!("{least:.0} - {most:.0}");
            let floor = figure
                .floor
                .map_or_else(String::new, |floor| format!("{floor:.0}"));
            let ratio = figure
                .floor
                .map_or_else(String::new, |floor| format!("{:.2}", median / floor));
            println!(
                "{:<44} {median:>14.0} {range:>27}  {floor:>12}  {ratio}  {}",
                figure.name, figure.unit
            );
        }
    }
}
