//! Login pages of one's own: the kinds of page, the placeholders of each, and reading a directory of them (`--templates DIR`).
//!
//! The markup of the real pages is not public, so whoever tests recognition needs pages that look different. A directory holds
//! `<kind>.html` files (a kind without a file keeps the built-in page) and the `.css` and `.js` files that they use, served as
//! `/assets/<name>`. A page may extend `layout_psc.html`. Everything is read once and tried once with sample values at the start.
//!
//! The sets that come with the program are in [`set`].

pub(crate) mod set;

use std::path::{Path, PathBuf};

use minijinja::{Value, context};

/// One kind of page.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Name of the file.
    pub file: &'static str,
    /// What the page is.
    pub purpose: &'static str,
    /// What it may show.
    pub placeholders: &'static [Placeholder],
}

/// A value that a page may, or must, use.
#[derive(Debug)]
pub(crate) struct Placeholder {
    /// Name between the braces.
    pub name: &'static str,
    /// Whether the page does not work without it.
    pub need: Need,
    /// What it is.
    pub meaning: &'static str,
}

/// Whether a page works without a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// It does not.
    Needed,
    /// It does.
    Free,
}

const fn needed(name: &'static str, meaning: &'static str) -> Placeholder {
    Placeholder { name, need: Need::Needed, meaning }
}

const fn free(name: &'static str, meaning: &'static str) -> Placeholder {
    Placeholder { name, need: Need::Free, meaning }
}

const LOGIN: Placeholder =
    free("login", "identifier of the login; tabs are /auth/mire/{{ login }}?onglet=ecps|carte|delegation|cle");
const ALERT: Placeholder = free("alert", "none, or alert.message and alert.code of a refused step");
const LOOKALIKE: Placeholder = free("lookalike", "true on the imitation page");

/// Every kind that is served.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        file: "portal.html",
        purpose: "landing page of the account portal",
        placeholders: &[free("action", "where its button leads, a link")],
    },
    Kind {
        file: "account.html",
        purpose: "the account portal after a login: state of the e-CPS, and the terms that start an activation by card",
        placeholders: &[
            needed("csrf", "value of the hidden field `jeton`"),
            needed("by_card", "true after a login by card: post `jeton` and `cgu=oui` to /portail/activation"),
            free("name", "given and family name"),
            free("ecps", "none, active or blocked"),
            ALERT,
        ],
    },
    Kind {
        file: "activation_qr.html",
        purpose: "the QR code of an activation by card; it asks /portail/activation/etat and loads again when that changes",
        placeholders: &[
            needed("state", "qr, expired, superseded or ended"),
            needed("image", "address of the picture"),
            needed("csrf", "value of `jeton`; a new QR code is asked for as on account.html"),
            free("ticket", "what the QR code says, while it is good"),
            free("remaining_s", "seconds left"),
            ALERT,
        ],
    },
    Kind {
        file: "activation_code.html",
        purpose: "the code that the phone shows is typed here, in the field `code`; then it waits for the PIN on the phone",
        placeholders: &[
            needed("state", "code, pin or active"),
            needed("action", "where the form is posted"),
            needed("csrf", "value of the hidden field `jeton`"),
            ALERT,
        ],
    },
    Kind {
        file: "identifier.html",
        purpose: "the tab of the e-CPS, with the identifier field `saisie` and the check box `memoriser`",
        placeholders: &[
            needed("action", "where the form is posted"),
            needed("csrf", "value of the hidden field `jeton`"),
            free("value", "what stands in the field: remembered, or typed before"),
            free("remember", "true when the identifier is remembered"),
            free("alert", "none, or alert.title, alert.message, alert.code of a refused identifier"),
            LOGIN,
            LOOKALIKE,
        ],
    },
    Kind {
        file: "card.html",
        purpose: "the tab of the card",
        placeholders: &[free("action", "where its button leads, a link; none without TLS"), LOGIN],
    },
    Kind { file: "delegation.html", purpose: "the tab of the delegation", placeholders: &[LOGIN] },
    Kind { file: "security_key.html", purpose: "the tab of the security key", placeholders: &[LOGIN] },
    Kind {
        file: "number.html",
        purpose: "the waiting page with the number; it asks /auth/mire/{{ login }}/etat and goes on to …/suite",
        placeholders: &[
            needed("number", "the two digits"),
            needed("login", "identifier of the login; …/quitter is where quitting is posted"),
            needed("csrf", "value of the hidden field `jeton`"),
            free("remaining_s", "seconds left"),
            free("service", "name of the service"),
            LOOKALIKE,
        ],
    },
    Kind {
        file: "confirm.html",
        purpose: "who enters which service: asked for by prompt=consent, or always with the switch `confirm`",
        placeholders: &[
            needed("action", "where the form is posted, with the field `choix`: confirmer or rejeter"),
            needed("csrf", "value of the hidden field `jeton`"),
            needed("name", "given and family name of the person"),
            free("service", "name of the service"),
            free("account", "the person's national identifier"),
        ],
    },
    Kind {
        file: "error.html",
        purpose: "a refusal, or a login that came to nothing",
        placeholders: &[
            needed("message", "what happened"),
            needed("help", "what to do next"),
            free("title", "headline"),
            free("code", "stable code"),
            free("retry", "none, or retry.action and retry.csrf of a form that tries again"),
            free("back", "none, or the address that leads back to the service"),
            free("service", "none, or the name of the service"),
        ],
    },
    Kind { file: "signed_out.html", purpose: "the session is closed", placeholders: &[] },
];

/// Names that a template may use without being given them.
const LANGUAGE: [&str; 6] = ["loop", "super", "self", "caller", "range", "namespace"];

/// Largest file of a directory.
const MAX_BYTES: u64 = 256 * 1024;

/// Why a directory was refused.
#[derive(Debug, thiserror::Error)]
pub enum ReadTemplatesError {
    /// Not readable.
    #[error("{path:?} cannot be read: {cause}")]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Answer of the system.
        cause: std::io::Error,
    },
    /// Nothing in it.
    #[error("{path:?} holds no page: none of its files is a template")]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// Too large.
    #[error("{path:?} is larger than 256 kibibytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not one of the kinds.
    #[error("{name:?} is neither a kind of page that the sandbox serves nor a .css or .js file")]
    Kind {
        /// The file.
        name: String,
    },
    /// Not a template.
    #[error("{file}, line {line}: {reason}")]
    Form {
        /// The file.
        file: String,
        /// From one.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A placeholder that the page does not work without.
    #[error("{file} does not use the placeholder {{{{ {placeholder} }}}}")]
    Missing {
        /// The file.
        file: &'static str,
        /// Its name.
        placeholder: &'static str,
    },
    /// A placeholder that has no value.
    #[error("{file} uses the placeholder {{{{ {placeholder} }}}}, which has no value there")]
    Unknown {
        /// The file.
        file: &'static str,
        /// Its name as written.
        placeholder: String,
    },
}

impl ReadTemplatesError {
    /// A mistake in a template, without its snippet of source.
    pub(crate) fn form(file: &str, error: &minijinja::Error) -> Self {
        let reason = error.detail().map_or_else(|| error.kind().to_string(), |detail| detail.replace('\n', " "));
        Self::Form { file: file.to_owned(), line: error.line().unwrap_or(1), reason }
    }
}

/// A directory as it was read: file names and texts, in order of name.
#[derive(Debug, Default)]
pub(crate) struct Files(pub Vec<(String, String)>);

/// Reads a directory.
pub(crate) fn read(folder: &Path) -> Result<Files, ReadTemplatesError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| ReadTemplatesError::Read { path, cause }
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let served = KINDS.iter().any(|kind| kind.file == name);
        if !served && !name.ends_with(".css") && !name.ends_with(".js") {
            return Err(ReadTemplatesError::Kind { name });
        }
        if std::fs::metadata(&path).map_err(failed(&path))?.len() > MAX_BYTES {
            return Err(ReadTemplatesError::TooLarge { path });
        }
        let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
        files.push((name, text));
    }
    // Most likely another directory was meant, and the sandbox's own pages would be served without a word.
    if !files.iter().any(|(name, _)| KINDS.iter().any(|kind| kind.file == name)) {
        return Err(ReadTemplatesError::Empty { path: folder.to_owned() });
    }
    files.sort();
    Ok(Files(files))
}

/// Checks the placeholders of one page against the table, and renders it with the least and with the most that it can get.
pub(crate) fn check(kind: &'static Kind, template: &minijinja::Template<'_, '_>) -> Result<(), ReadTemplatesError> {
    let used = template.undeclared_variables(false);
    if let Some(missing) = kind
        .placeholders
        .iter()
        .find(|placeholder| placeholder.need == Need::Needed && !used.contains(placeholder.name))
    {
        return Err(ReadTemplatesError::Missing { file: kind.file, placeholder: missing.name });
    }
    let known = |name: &str| LANGUAGE.contains(&name) || kind.placeholders.iter().any(|known| known.name == name);
    let mut unknown: Vec<&String> = used.iter().filter(|name| !known(name)).collect();
    unknown.sort();
    if let Some(placeholder) = unknown.first() {
        return Err(ReadTemplatesError::Unknown { file: kind.file, placeholder: (*placeholder).clone() });
    }
    try_out(kind, template)
}

/// Renders one page with the least and with the most that it can get.
pub(crate) fn try_out(kind: &'static Kind, template: &minijinja::Template<'_, '_>) -> Result<(), ReadTemplatesError> {
    for values in samples() {
        template.render(values).map_err(|error| ReadTemplatesError::form(kind.file, &error))?;
    }
    Ok(())
}

fn samples() -> [Value; 2] {
    let none: Option<&str> = None;
    let least = context! {
        action => "/", csrf => "c", value => "", remember => false, alert => none, login => "l", lookalike => false,
        number => "07", remaining_s => 94, service => none, title => "t", message => "m", help => "h", code => "SBX",
        retry => none, back => none, state => "qr", image => "/q", ticket => none, by_card => false, name => "n", account => "a", ecps => "none",
    };
    let most = context! {
        state => "code", ticket => "t", by_card => true, ecps => "active", value => "v", remember => true, lookalike => true, service => "s", back => "/",
        alert => context! { title => "t", message => "m", code => "c" },
        retry => context! { action => "/", csrf => "c" }, ..least.clone()
    };
    [least, most]
}

/// The table as text, for `vigie-sandbox templates --list`.
#[must_use]
pub fn list() -> String {
    let mut text = String::from(
        "Files of a --templates directory. {{ name }} writes a value, escaped; {% if name %} chooses. A file that is left out keeps\n\
         the built-in page; .css and .js files beside them are served as /assets/<name>.\n",
    );
    for kind in KINDS {
        text.push_str(&format!("\n{:<22}{}\n", kind.file, kind.purpose));
        for Placeholder { name, need, meaning } in kind.placeholders {
            let need = if *need == Need::Needed { "needed" } else { "" };
            text.push_str(&format!("  {name:<18}{need:<8}{meaning}\n"));
        }
    }
    text
}
