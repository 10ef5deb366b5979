//! Ingress dialects: one a file.
/// stub
pub trait Target: Sync {
    /// n
    fn name(&self) -> &'static str;
}
struct S;
impl Target for S {
    fn name(&self) -> &'static str {
        "ingress-nginx"
    }
}
/// stub
pub static TARGETS: &[&dyn Target] = &[&S];
/// s
pub static PLANNED: &[&str] = &[];
/// s
pub fn find(n: &str) -> Option<&'static dyn Target> {
    TARGETS.iter().copied().find(|t| t.name() == n)
}
