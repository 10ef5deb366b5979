//! How a Secret is handed over: one format a file.
/// stub
pub fn find(n: &str) -> Option<()> {
    (n == "plain").then_some(())
}
/// s
pub static PLANNED: &[&str] = &[];
