//! Flags that choose what `status` shows, in every format.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::cli::report::CommandError;
use crate::cli::selection::{host_keys, unknown};
use crate::model::Model;
use crate::pki::request::Holder;
use crate::status::{Filter, Row, State, Subject};

/// What is shown; defaults to everything.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Selection {
    /// Only what is of this type; may be repeated
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = kinds(), help_heading = "Selection")]
    kinds: Vec<String>,
    /// Only what this holder has, such as `alice` or `clients/alice`; may be repeated
    #[arg(long = "name", value_name = "NAME", help_heading = "Selection")]
    names: Vec<String>,
    /// Only this host, by its name or its key in the spec; may be repeated
    #[arg(long = "host", value_name = "HOST", help_heading = "Selection")]
    hosts: Vec<String>,
    /// Only certificates and revocation lists in this state; may be repeated
    #[arg(long = "state", value_name = "STATE", value_delimiter = ',', help_heading = "Selection")]
    states: Vec<State>,
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(Subject::KINDS)
}

impl ValueEnum for State {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::NotYetValid => "not-yet-valid",
            other => other.words(),
        }))
    }
}

impl Selection {
    /// Whether a state was selected by its name.
    pub fn names(&self, state: State) -> bool {
        self.states.contains(&state)
    }

    /// What is chosen of all rows and hosts.
    ///
    /// # Errors
    /// A host is not in the spec, or nothing is held under a name.
    pub fn filter(&self, model: &Model, rows: &[Row]) -> Result<Filter, CommandError> {
        let Self { kinds, names, hosts, states } = self.clone();
        let keys = host_keys(&hosts, model)?.into_iter().map(str::to_owned).collect();
        for name in &names {
            let host = |key: &str| Subject::Certificate(Holder::Host(key.to_owned()));
            let hosts = model.exposures.iter().map(|exposure| host(&exposure.key));
            let mut known: Vec<Subject> = rows.iter().map(|row| row.subject.clone()).collect();
            known.extend(hosts);
            if !known.iter().any(|subject| subject.is_called(name)) {
                known.sort();
                known.dedup();
                let known: Vec<&str> = known.iter().map(Subject::name).collect();
                return Err(unknown("--name", "holder", name, &known));
            }
        }
        Ok(Filter { kinds, names, hosts: keys, states })
    }
}
