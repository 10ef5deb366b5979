use serde::Deserialize;

use super::{Api, Kind, Metadata, null_is_absent};

/// A Namespace (`v1`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Namespace {
    /// Labels and annotations.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: Metadata,
}

impl Api for Namespace {
    const GROUPS: &'static [&'static str] = &[""];
    const KIND: &'static str = "Namespace";

    fn of(_: &Kind) -> Option<&Self> {
        None
    }
}
