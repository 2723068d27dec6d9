//! The rows of an operation: each is timed alone, by criterion, and then all of them in turns, so that their times can be
//! compared.

pub(crate) use crate::turns::{Timed, repeated, rounds};

use crate::turns::{Plan, Row, in_turns};
use criterion::measurement::WallTime;
use criterion::{Bencher, BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use std::cell::Cell;
use std::env;
use std::time::Duration;

/// How many messages of `size` bytes a round takes: no more than fit a core's own cache.
pub(crate) fn round_of(size: usize) -> usize {
    (128 * 1024 / (size + 128)).clamp(2, 64)
}

/// The rows of a group.
pub(crate) struct Rows<'a> {
    group: &'static str,
    throughput: Option<Throughput>,
    list: Vec<Row<'a>>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(group: &'static str) -> Self {
        Rows {
            group,
            throughput: None,
            list: Vec::new(),
        }
    }

    pub(crate) fn throughput(mut self, throughput: Throughput) -> Self {
        self.throughput = Some(throughput);
        self
    }

    pub(crate) fn row(
        mut self,
        name: &'static str,
        parameter: impl Into<Option<usize>>,
        timed: Timed<'a>,
    ) -> Self {
        self.list.push(Row {
            name,
            parameter: parameter.into(),
            items: 1,
            timed,
        });
        self
    }

    /// Measures the rows that the command line asks for: each alone, then all of them in turns.
    pub(crate) fn measure(mut self, criterion: &mut Criterion) {
        #[cfg(feature = "aws-lc")]
        self.keep_to_the_limit();
        let mut group = criterion.benchmark_group(self.group);
        if let Some(throughput) = self.throughput.take() {
            group.throughput(throughput);
        }
        let mut asked_for: Vec<&mut Row<'_>> = Vec::new();
        for row in &mut self.list {
            if alone(&mut group, row) {
                asked_for.push(row);
            }
        }
        group.finish();
        // Each once, to see that it runs.
        if env::args().any(|argument| argument == "--test") || asked_for.len() < 2 {
            return;
        }
        let plan = Plan {
            burst: Duration::from_micros(200),
            all: Duration::from_secs(2),
            least: 10,
        };
        in_turns(self.group, &mut asked_for, plan).expect("the times can be kept");
    }

    /// The floor and the other libraries stand beside the engine on its default backend; beside that on AWS-LC stands
    /// the limit, and where there is none, nothing is measured.
    #[cfg(feature = "aws-lc")]
    fn keep_to_the_limit(&mut self) {
        let has = |list: &[Row<'_>], name| list.iter().any(|row| row.name == name);
        let of_the_engine = has(&self.list, crate::ENGINE);
        let has_a_limit = has(&self.list, crate::LIMIT);
        self.list.retain(|row| {
            !of_the_engine || has_a_limit && [crate::ENGINE, crate::LIMIT].contains(&row.name)
        });
    }
}

/// Times a row by criterion. Says whether the command line asks for it.
fn alone(group: &mut BenchmarkGroup<'_, WallTime>, row: &mut Row<'_>) -> bool {
    let asked_for = Cell::new(false);
    let timed = &mut row.timed;
    let run = |bencher: &mut Bencher<'_>| {
        asked_for.set(true);
        bencher.iter_custom(&mut *timed);
    };
    match row.parameter {
        Some(parameter) => group.bench_function(BenchmarkId::new(row.name, parameter), run),
        None => group.bench_function(row.name, run),
    };
    asked_for.get()
}
