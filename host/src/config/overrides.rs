//! Settings from the environment: `VIGIE__LIMITS__TIMEOUT_MS=200` stands in the place of `timeout_ms` in `[limits]`.
//!
//! For the few values that differ from machine to machine while the file is the same, as in containers. A variable is put into the
//! document before it is checked, so that it meets every check that the file meets: an unknown one is refused, not ignored. Between two
//! underscores stands a table or a key, in capitals; an entry of a list is named by its id, with `_` for `-`:
//! `VIGIE__AUDIENCE__SMURTAB__MIN_ACR`. Secrets do not belong here: the file names files.
//!
//! A value is a number, `true` or `false`, or text; quotes make text of anything. Lists and tables are written in the file.

use std::ffi::OsString;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ConfigError;

/// The variables that stand for settings.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Vec<Override>);

#[derive(Debug, Clone)]
struct Override {
    variable: String,
    path: Vec<String>,
    text: String,
}

/// What every such variable begins with; `VIGIE_LOG` and `VIGIE_COMPONENTS` do not.
const PREFIX: &str = "VIGIE__";

impl Overrides {
    /// None: the file stands for itself.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those of this process.
    ///
    /// # Errors
    /// A variable has a name that no setting can have.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_variables(std::env::vars_os())
    }

    /// Those among these variables that begin with `VIGIE__`.
    ///
    /// # Errors
    /// As [`Overrides::from_environment`].
    pub fn from_variables(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let mut all = Vec::new();
        for (name, text) in variables {
            let variable = name.to_string_lossy().into_owned();
            let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
            let segment = |segment: &str| {
                !segment.is_empty()
                    && segment.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            };
            if !rest.split("__").all(segment) {
                return Err(refuse(&variable, "its name is not made of capitals, digits and single underscores"));
            }
            let path = rest.split("__").map(str::to_ascii_lowercase).collect();
            let text = text.into_string().map_err(|_| refuse(&variable, "its value is not UTF-8"))?;
            all.push(Override { variable, path, text });
        }
        // The order of an environment is nobody's choice; messages and a table set beside its own key must not depend on it.
        all.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self(all))
    }

    /// Puts each value into the document. What comes from variable number n is marked with the place n behind the end of the text.
    pub(super) fn apply<'t>(&'t self, document: &mut DeTable<'t>, end: usize) -> Result<(), ConfigError> {
        for (index, one) in self.0.iter().enumerate() {
            let place = end + 1 + index..end + 1 + index;
            set(document, &one.path, scalar(&one.text, &place), &place)
                .map_err(|problem| refuse(&one.variable, &problem))?;
        }
        Ok(())
    }

    /// The variable behind a place that [`Overrides::apply`] made up.
    pub(super) fn variable_at(&self, place: usize, end: usize) -> Option<&str> {
        self.0.get(place.checked_sub(end + 1)?).map(|one| one.variable.as_str())
    }
}

fn refuse(variable: &str, problem: &str) -> ConfigError {
    ConfigError::Environment { variable: variable.to_owned(), problem: problem.to_owned() }
}

/// A number, a truth value or a quoted text as TOML has them; everything else is text as it stands.
fn scalar<'t>(text: &'t str, place: &Range<usize>) -> Spanned<DeValue<'t>> {
    let value = match DeValue::parse(text).map(Spanned::into_inner) {
        Ok(value @ (DeValue::Integer(_) | DeValue::Boolean(_) | DeValue::String(_))) => value,
        _ => DeValue::String(text.into()),
    };
    Spanned::new(place.clone(), value)
}

fn set<'t>(
    table: &mut DeTable<'t>,
    path: &[String],
    value: Spanned<DeValue<'t>>,
    place: &Range<usize>,
) -> Result<(), String> {
    let Some((key, below)) = path.split_first() else { return Ok(()) };
    let entry = table
        .entry(Spanned::new(place.clone(), key.clone().into()))
        .or_insert_with(|| Spanned::new(place.clone(), DeValue::Table(DeTable::new())));
    if below.is_empty() {
        // The key goes too: a mistake in what is now there is the variable's, not the file's.
        table.remove(key.as_str());
        table.insert(Spanned::new(place.clone(), key.clone().into()), value);
        return Ok(());
    }
    match entry.get_mut() {
        DeValue::Table(inner) => set(inner, below, value, place),
        DeValue::Array(list) => {
            let Some((id, below)) = below.split_first() else { return Ok(()) };
            let mut named = list.iter_mut().filter_map(|one| match one.get_mut() {
                DeValue::Table(inner) if is_named(inner, id) => Some(inner),
                _ => None,
            });
            match (named.next(), named.next()) {
                (Some(inner), None) => set(inner, below, value, place),
                (None, _) => Err(format!("no entry of {key} has an id that is written {}", id.to_ascii_uppercase())),
                (Some(_), Some(_)) => Err(format!("two entries of {key} have ids that are written alike")),
            }
        }
        _ => Err(format!("{key} is a single value, not a table")),
    }
}

fn is_named(table: &DeTable<'_>, id: &str) -> bool {
    table.get("id").and_then(|value| value.get_ref().as_str()).is_some_and(|found| found.replace('-', "_") == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)]) -> Result<String, String> {
        let text = "[server]\nlisten = \"a\"\n[[audience]]\nid = \"smur-tab\"\nmin = 1\n";
        let variables = variables.iter().map(|(name, text)| (OsString::from(name), OsString::from(text)));
        let overrides = Overrides::from_variables(variables).map_err(|error| error.to_string())?;
        let mut document = DeTable::parse(text).unwrap().into_inner();
        overrides.apply(&mut document, text.len()).map_err(|error| error.to_string())?;
        let place = text.len()..text.len();
        let table: toml::Table =
            serde::Deserialize::deserialize(toml::de::Deserializer::from(Spanned::new(place, document))).unwrap();
        Ok(toml::to_string(&table).unwrap())
    }

    #[test]
    fn values_take_their_places() {
        let changed = check(&[
            ("VIGIE__SERVER__LISTEN", "127.0.0.1:1"),
            ("VIGIE__LOG__QUEUE", "12"),
            ("VIGIE__AUDIENCE__SMUR_TAB__MIN", "\"12\""),
            ("VIGIE_LOG", "info"),
            ("OTHER", "x"),
        ])
        .unwrap();
        for line in ["listen = \"127.0.0.1:1\"", "queue = 12", "min = \"12\""] {
            assert!(changed.contains(line), "{line} is not in: {changed}");
        }
    }

    #[test]
    fn what_cannot_be_placed_is_refused() {
        for (name, word) in [
            ("VIGIE__", "capitals"),
            ("VIGIE__server__listen", "capitals"),
            ("VIGIE__SERVER____LISTEN", "capitals"),
            ("VIGIE__SERVER__LISTEN__PORT", "single value"),
            ("VIGIE__AUDIENCE__SIDEP__MIN", "SIDEP"),
        ] {
            let problem = check(&[(name, "1")]).unwrap_err();
            assert!(problem.contains(word) && problem.contains(name), "{problem}");
        }
    }
}
