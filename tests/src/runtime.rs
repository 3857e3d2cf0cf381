//! One runtime for all tests of a process, so that they can share a started gateway.

use std::future::Future;
use std::sync::LazyLock;

use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// Runs a test to its end.
pub fn run<F: Future>(test: F) -> F::Output {
    RUNTIME.block_on(test)
}

pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(task: F) {
    RUNTIME.spawn(task);
}
