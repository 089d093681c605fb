//! Random bytes, handed in.

/// A source of random bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator, asked each time. That of the cryptographic library takes its first seed from
/// the jitter of the processor, which costs a start a twentieth of a second and more.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "the one place where bytes come from the system")]
        let filled = getrandom::fill(bytes);
        // It fails only where the kernel has no generator at all; going on would hand out predictable tokens.
        if filled.is_err() {
            std::process::abort();
        }
    }
}
