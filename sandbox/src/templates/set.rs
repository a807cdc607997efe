//! The sets of login pages that come with the program. The markup of the real pages is not public, so recognition is tried
//! against several that differ in what a script sees.
//!
//! A set replaces some of the pages in `templates/`; the page that it replaces stays within reach as `forms/<name>`, to be
//! extended. All other pages follow through the set's layout.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A set of login pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TemplateSet {
    /// Plain pages made by the server, one form each.
    Forms,
    /// One document: a script shows each page late and replaces it in place.
    Spa,
    /// The look of the guides.
    Guide,
    /// Deliberately awkward: nested open shadow roots, split digits, names that change, labels far from their fields.
    Awkward,
    /// The pages of `--templates DIR`.
    Own,
}

impl TemplateSet {
    /// The sets that are always there.
    pub(crate) const BUILT_IN: [Self; 4] = [Self::Forms, Self::Spa, Self::Guide, Self::Awkward];

    /// The word for it, as it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Forms => "forms",
            Self::Spa => "spa",
            Self::Guide => "guide",
            Self::Awkward => "awkward",
            Self::Own => "own",
        }
    }

    /// What it replaces.
    pub(crate) const fn pages(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Forms | Self::Own => &[],
            Self::Spa => &SPA,
            Self::Guide => &GUIDE,
            Self::Awkward => &AWKWARD,
        }
    }
}

/// Which pages the sandbox starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Templates {
    /// A set that comes with the program.
    BuiltIn(TemplateSet),
    /// A directory of own pages.
    Folder(PathBuf),
}

impl Default for Templates {
    fn default() -> Self {
        Self::BuiltIn(TemplateSet::Forms)
    }
}

impl FromStr for Templates {
    type Err = std::convert::Infallible;

    /// The name of a set, or else a directory. A directory with the name of a set is written `./spa`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let set = TemplateSet::BUILT_IN.into_iter().find(|set| set.word() == text);
        Ok(set.map_or_else(|| Self::Folder(PathBuf::from(text)), Self::BuiltIn))
    }
}

macro_rules! embedded {
    ($folder:literal: $($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../templates/", $folder, "/", $name)))),*]
    };
}

const SPA: [(&str, &str); 2] = embedded!("spa": "layout_psc.html", "number.html");

const GUIDE: [(&str, &str); 4] = embedded!("guide": "layout_psc.html", "identifier.html", "number.html", "tabs.html");

const AWKWARD: [(&str, &str); 8] = embedded!("awkward":
    "layout_psc.html", "identifier.html", "number.html", "card.html", "confirm.html", "error.html", "portal.html",
    "signed_out.html",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_set_and_anything_else_a_directory() {
        for set in TemplateSet::BUILT_IN {
            assert_eq!(set.word().parse(), Ok(Templates::BuiltIn(set)));
            assert_eq!(serde_json::to_value(set).unwrap(), set.word());
        }
        for folder in ["own", "./spa", "Forms", ""] {
            assert_eq!(folder.parse(), Ok(Templates::Folder(folder.into())));
        }
    }
}
