use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// The output of foreign code, unless it panics. The panic hook has told of that; nothing else is disturbed.
pub(crate) fn caught<T>(foreign: impl FnOnce() -> T) -> Option<T> {
    let payload = match catch_unwind(AssertUnwindSafe(foreign)) {
        Ok(output) => return Some(output),
        Err(payload) => payload,
    };
    // What was thrown is foreign too, and may panic when it is dropped.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    None
}

/// Wakes whoever is to be woken. Wakers are foreign code; one that panics does not keep the others from being woken.
pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        caught(|| waker.wake());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(2);
        }
    }

    #[test]
    fn even_a_payload_that_panics_is_caught() {
        assert_eq!(caught(|| 1), Some(1));
        assert_eq!(caught(|| std::panic::panic_any(Bomb)), None::<()>);
    }
}
