//! The same work on many items, on all processors.

/// Below this, starting threads takes longer than the work.
const WORTH_IT: usize = 256;

/// `work` on each item, in the items' order; the first failure in that order, if there are any.
///
/// # Errors
/// What `work` says.
pub(super) fn map<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    if threads == 1 || items.len() < WORTH_IT {
        return items.iter().map(work).collect();
    }
    let chunks = items.chunks(items.len().div_ceil(threads));
    let results: Vec<Result<Vec<R>, E>> = std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> =
            chunks.map(|chunk| scope.spawn(move || chunk.iter().map(work).collect())).collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let parts = results.into_iter().collect::<Result<Vec<_>, E>>()?;
    Ok(parts.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_the_first_failure_wins() {
        for count in [0, 1, WORTH_IT - 1, WORTH_IT, 1000, 1001] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(map(&items, |n| Ok::<_, ()>(n + 1)), Ok((1..=count).collect()));
        }
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(map(&items, |n| if n % 400 == 300 { Err(*n) } else { Ok(()) }), Err(300));
    }
}
