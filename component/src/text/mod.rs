//! Text.
pub(crate) mod budget {
    //! Tokens.
    /// Estimates.
    pub(crate) fn estimate(text: &str) -> u32 { crate::call::saturate(text.len() as u64 / 3 + 1) }
}
