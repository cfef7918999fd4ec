//! How far the work is: a bar with rate and time left where somebody watches,
//! one line an event elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::cell::Cell;
use std::time::{Duration, Instant};
use toolkit::output;
use toolkit::render;

const BAR: &str =
    "{prefix:10} {bar:24} {bytes:>10} of {total_bytes:10} {binary_bytes_per_sec:>12} {eta:>4} left";
const COUNTER: &str = "{prefix:10} {spinner} {bytes:>10} {binary_bytes_per_sec:>12}";

/// The progress of one part.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    name: String,
    begun: Instant,
    bytes: Cell<u64>,
}

impl Progress {
    /// A part has begun. `expected` is the size, in uncompressed bytes, that
    /// it had the last time.
    pub(crate) fn begin(name: &str, expected: Option<u64>) -> Self {
        let bar = output::is_watched().then(|| {
            let bar = expected.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            let template = if expected.is_some() { BAR } else { COUNTER };
            // The templates are constants; one that is wrong shows as the default.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(output::printable(name));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self {
            bar,
            name: name.to_owned(),
            begun: Instant::now(),
            bytes: Cell::new(0),
        }
    }

    /// So many more uncompressed bytes have been saved.
    pub(crate) fn advance(&self, bytes: usize) {
        let bytes = self.bytes.get() + bytes as u64;
        self.bytes.set(bytes);
        if let Some(bar) = &self.bar {
            // What grew since the last time must not stand still at 100 %.
            bar.set_length(bar.length().unwrap_or(0).max(bytes));
            bar.set_position(bytes);
        }
    }

    /// The part is done and takes `packed` bytes.
    pub(crate) fn end(self, packed: u64) {
        let took = render::duration(self.begun.elapsed());
        let sizes = format!(
            "{} in {}",
            render::size(self.bytes.get()),
            render::size(packed)
        );
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        output::note("backup", &format!("`{}` saved: {sizes}, {took}", self.name));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
