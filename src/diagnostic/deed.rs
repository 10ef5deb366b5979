//! What was done, in fields beside the words.

use schemars::JsonSchema;
use serde::Serialize;

/// What was done or is to be done, for programs; the message beside it says the same to people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub struct Deed {
    /// A verb: `issued`, `renewed`, `revoked`, `signed`, `added`, `modified`, `removed`, `wrote`, and of the generations of an
    /// authority `introduced`, `activated`, `retired`; `issue`, `renew` and so on where it is to be done.
    pub action: &'static str,
    /// Full name of the holder that it is about, such as `clients/alice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// The file or folder that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Serial number of the certificate that it is about, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Deed {
    /// Something that is done to a holder.
    #[must_use]
    pub fn to_holder(action: &'static str, holder: String, reason: &impl ToString) -> Self {
        let (holder, reason) = (Some(holder), Some(reason.to_string()));
        Self { action, holder, reason, ..Self::default() }
    }

    /// Something that is done to a file or folder.
    #[must_use]
    pub fn to_path(action: &'static str, path: &impl ToString) -> Self {
        Self { action, path: Some(path.to_string()), ..Self::default() }
    }

    /// The same, with each text as it may be said.
    #[must_use]
    pub fn each(self, said: impl Fn(&str) -> String) -> Self {
        let Self { action, holder, path, serial, reason } = self;
        let [holder, path, serial, reason] =
            [holder, path, serial, reason].map(|text| text.map(|text| said(&text)));
        Self { action, holder, path, serial, reason }
    }
}
