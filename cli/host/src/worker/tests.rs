use std::task::Waker;

use super::*;

fn outcome(accept: ShouldAccept) -> &'static str {
    match accept {
        ShouldAccept::Never => "never",
        ShouldAccept::No => "not now",
        ShouldAccept::Yes => "yes",
    }
}

#[test]
fn an_instance_takes_so_many_requests_at_once_and_in_all() {
    let spin = Reuse::default();
    let none = Reuse { total: 0, concurrent: 0, ..spin };
    for (reuse, n_concurrent, n_total, want) in [
        (spin, 0, 0, "yes"),
        (spin, 15, 127, "yes"),
        (spin, 16, 127, "not now"),
        (spin, 0, 128, "never"),
        (spin, 16, 128, "never"),
        (none, 0, 0, "yes"),
        (none, 1, 1, "never"),
    ] {
        assert_eq!(outcome(reuse.accepts(n_concurrent, n_total)), want, "{reuse:?} {n_concurrent} {n_total}");
    }
}

/// Whether an instance goes that has been in `status` since `seconds` ago.
async fn goes(reuse: Reuse, status: WorkerStatus, seconds: u64, is_stopping: bool) -> bool {
    let running = Running::new();
    let mut expiration = Box::pin(Expiration::new(reuse, &running));
    let mut context = Context::from_waker(Waker::noop());
    let now = tokio::time::Instant::now().into_std();
    assert!(expiration.as_mut().poll(&mut context, status, now).is_pending());
    if is_stopping {
        running.stop();
    }
    let since = now.checked_sub(Duration::from_secs(seconds)).unwrap();
    expiration.as_mut().poll(&mut context, status, since).is_ready()
}

#[tokio::test]
async fn an_instance_goes_when_it_has_nothing_to_do() {
    let minute = Duration::from_secs(60);
    let patient = Reuse { idle: minute, ..Reuse::default() };
    let timed = Reuse { request_timeout: Some(minute), ..patient };
    for (reuse, status, seconds, is_stopping, want) in [
        (patient, WorkerStatus::Idle, 30, false, false),
        (patient, WorkerStatus::Idle, 61, false, true),
        (patient, WorkerStatus::Idle, 0, true, true),
        (patient, WorkerStatus::Requests, 120, false, false),
        (patient, WorkerStatus::Requests, 0, true, false),
        (timed, WorkerStatus::Requests, 30, false, false),
        (timed, WorkerStatus::Requests, 61, false, true),
        (timed, WorkerStatus::PostReturn, 120, false, false),
        (timed, WorkerStatus::PostReturn, 0, true, false),
    ] {
        let got = goes(reuse, status, seconds, is_stopping).await;
        assert_eq!(got, want, "{reuse:?} {status:?} {seconds} {is_stopping}");
    }
}

#[tokio::test]
async fn the_last_instance_is_waited_for() {
    let running = Running::new();
    running.gone().await;
    let (first, second) = (running.enter(), running.enter());
    let waiting = tokio::spawn({
        let running = running.clone();
        async move { running.gone().await }
    });
    assert!(!first.is_stopping());
    running.stop();
    assert!(first.is_stopping() && second.is_stopping());
    drop(first);
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    drop(second);
    waiting.await.unwrap();
}
