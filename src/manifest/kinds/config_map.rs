use serde::Deserialize;

use super::{Api, Kind};
use crate::manifest::texts::Texts;

/// A `ConfigMap` (`v1`), which may hold the settings of a controller.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ConfigMap {
    /// Texts by name.
    #[serde(default)]
    pub data: Texts,
}

impl Api for ConfigMap {
    const GROUPS: &'static [&'static str] = &[""];
    const KIND: &'static str = "ConfigMap";

    fn of(_: &Kind) -> Option<&Self> {
        None
    }
}
