//! Kubernetes objects from and to YAML.
/// stub
pub fn parse(_t: &str) -> Result<Vec<serde_json::Value>, String> {
    todo!()
}
