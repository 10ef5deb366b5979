//! The same work on many items, on all processors.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// Most items that a thread takes at a time: waking the one who counts takes time as well.
const LARGEST_PORTION: usize = 32;
/// Least number of portions for each thread, so that all end at about the same time.
const PORTIONS: usize = 16;

/// Fewer items of little work, such as reading a file, are not worth the start of threads.
const WORTH_IT: usize = 256;

/// Little `work` on each item, in the items' order; the first failure in that order.
///
/// # Errors
/// What `work` says.
pub(crate) fn map<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    if items.len() < WORTH_IT {
        return items.iter().map(work).collect();
    }
    counted(items, work, &mut || ())
}

/// `work` on each item that is worth a thread, in the items' order; the first failure in that order. `on_step` is called for
/// each item that is done, by the calling thread.
///
/// # Errors
/// What `work` says.
pub(crate) fn counted<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
    on_step: &mut dyn FnMut(),
) -> Result<Vec<R>, E> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    if threads <= 1 {
        let step = |item| work(item).inspect(|_| on_step());
        return items.iter().map(step).collect();
    }
    let portion = (items.len() / (threads * PORTIONS)).clamp(1, LARGEST_PORTION);
    let portions: Vec<&[T]> = items.chunks(portion).collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = |done: mpsc::Sender<(usize, Result<Vec<R>, E>)>| {
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(portion) = portions.get(at) else { return };
            let made: Result<Vec<R>, E> = portion.iter().map(&work).collect();
            failed.fetch_or(made.is_err(), Ordering::Relaxed);
            if done.send((at, made)).is_err() {
                return;
            }
        }
    };
    let mut results: Vec<Option<Result<Vec<R>, E>>> = portions.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..threads {
            let (worker, sender) = (&worker, sender.clone());
            scope.spawn(move || worker(sender));
        }
        drop(sender);
        for (at, made) in receiver {
            (0..made.as_ref().map_or(0, Vec::len)).for_each(|_| on_step());
            results[at] = Some(made);
        }
    });
    // Portions are taken in their order: before one that failed, none is missing.
    let mut all = Vec::with_capacity(items.len());
    for part in results.into_iter().flatten() {
        all.extend(part?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_every_item_is_counted() {
        for count in [0, 1, 2, 31, 1000, 1001] {
            let items: Vec<usize> = (0..count).collect();
            let mut steps = 0;
            let double = |n: &usize| Ok::<_, ()>(n * 2);
            let doubled = counted(&items, double, &mut || steps += 1);
            assert_eq!(doubled, Ok((0..count).map(|n| n * 2).collect()));
            assert_eq!(map(&items, double), doubled);
            assert_eq!(steps, count);
        }
    }

    #[test]
    fn the_first_failure_ends_the_work() {
        let items: Vec<usize> = (0..100_000).collect();
        let worked = AtomicUsize::new(0);
        let work = |n: &usize| {
            worked.fetch_add(1, Ordering::Relaxed);
            if n % 400 == 300 { Err(*n) } else { Ok(()) }
        };
        assert_eq!(map(&items, work), Err(300));
        assert!(worked.load(Ordering::Relaxed) < 50_000, "{worked:?}");
    }
}
