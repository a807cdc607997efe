//! Every stable code that this crate adds to those of the core ([`verifier_core::code`]), with its meaning.
//!
//! `CFG-` is the operator's side, `POL-` components, `HTTP-` calls and answers, `IN-` what is typed for an inspection. A test
//! keeps the table complete and without codes that nothing uses.

use verifier_core::code::Code;

const fn code(name: &'static str, meaning: &'static str) -> Code {
    Code { name, meaning }
}

/// The table, by name.
pub const TABLE: &[Code] = &[
    code("CFG-ASSERTED", "a notice: subjects of an audience are not verified, its caller vouches for them"),
    code("CFG-CALLER", "an audience asks its caller for nothing"),
    code("CFG-CERTIFICATE", "certificate and key of the listener cannot be used"),
    code("CFG-CLEAR-TEXT", "production would send secrets over a network in clear"),
    code("CFG-CONNECT-TO", "a redirection of development.connect_to cannot work"),
    code("CFG-DEVELOPMENT-IN-PRODUCTION", "production has a [development] table"),
    code("CFG-ENVIRONMENT", "a variable of the environment cannot be a setting"),
    code("CFG-EXTRA-CA", "development.extra_ca cannot be used"),
    code("CFG-IO", "standard input or output broke"),
    code("CFG-KEYS-COPY", "a warning: the copy of a provider's keys is not used, or cannot be kept"),
    code("CFG-LISTEN", "the address cannot be listened on"),
    code("CFG-LOG", "the decision log cannot be opened"),
    code("CFG-LOG-INPUT", "a warning: the decision log holds the questions themselves, personal data included"),
    code("CFG-LOG-TORN", "a warning: the decision log ended within a line"),
    code("CFG-MISSING", "there is no configuration file"),
    code("CFG-NO-REQUIRED-POLICY", "an audience has no required policy"),
    code("CFG-OPEN", "anybody on the network would be the caller of an audience"),
    code("CFG-PORT-IN-USE", "another process listens on the address"),
    code("CFG-PSEUDONYM-KEY", "the key of pseudonyms cannot be used"),
    code("CFG-RUNTIME", "the threads of the server cannot be started"),
    code("CFG-SECRET", "a caller secret is missing, unreadable or too short"),
    code("CFG-STATE", "the state file cannot be opened, read or written"),
    code("CFG-STATE-IN-USE", "another process has the state file"),
    code("CFG-SYNTAX", "the configuration is not TOML in UTF-8, or a key is unknown, missing or of the wrong kind"),
    code("CFG-TLS", "the TLS client cannot be set up"),
    code("CFG-UNREADABLE", "the configuration file cannot be read"),
    code("CFG-VALUE", "a setting has a value that it may not have"),
    code("CFG-VERIFIER-ENGINE", "the core makes its signature checks elsewhere than verifier.engine says"),
    code("HTTP-ACCESS-TOKEN-MISSING", "UserInfo is fetched and there is no access token"),
    code("HTTP-ACCESS-TOKEN-REFUSED", "the provider refuses the access token at UserInfo"),
    code("HTTP-ASSERTED", "a login was sent to an audience whose subjects are asserted"),
    code("HTTP-BATCH", "a batch has more evaluations than are taken"),
    code("HTTP-BODY", "the body is not JSON, or members are missing or of the wrong type"),
    code("HTTP-BUSY", "all instances are in use"),
    code("HTTP-CALLER", "no secret or certificate by which an audience knows its caller"),
    code("HTTP-CLOCK", "the clock went back, so a replay cannot be told"),
    code("HTTP-CONTENT-TYPE", "the body is not declared as what the path takes"),
    code("HTTP-FORWARD-AUTH", "a proxy asks for an audience that is not set up for one"),
    code("HTTP-HANDLE", "the text is not a login handle"),
    code("HTTP-HEADER-VALUE", "an attribute of the login is too long for a header"),
    code("HTTP-LOG", "the decision log cannot be written"),
    code("HTTP-LOGIN-EXPIRED", "the login is older than four hours, or unused for thirty minutes"),
    code("HTTP-LOGIN-ID", "the text is not the id of a login"),
    code("HTTP-LOGIN-MISSING", "the question carries no login handle"),
    code("HTTP-LOGIN-UNKNOWN", "the handle was never given to this audience, or was revoked"),
    code("HTTP-METHOD", "the path does not take the method"),
    code("HTTP-NOT-FOUND", "there is nothing at the path"),
    code("HTTP-OBLIGATION", "a policy permits on a condition that the caller does not understand"),
    code("HTTP-PROVIDER-ANSWER", "the provider answers something else than asked"),
    code("HTTP-PROVIDER-ISSUER", "the discovery document names another issuer"),
    code("HTTP-PROVIDER-UNREACHABLE", "the provider does not answer"),
    code("HTTP-PROXY-CALLER", "a proxy is not known as a caller of the audience that it asks for"),
    code("HTTP-PROXY-HEADER", "a proxy does not say what its client wants"),
    code("HTTP-RECORDS", "state or decision log cannot be written"),
    code("HTTP-REPLAYED", "the ID token was used before"),
    code("HTTP-SLOW", "the body did not arrive in time"),
    code("HTTP-STATE-FULL", "as many logins and one-shots are held as state.entries allows"),
    code("HTTP-SUBJECT-MISMATCH", "the subject of the question is not the person of the login"),
    code("HTTP-TOO-LARGE", "the body exceeds limits.request_bytes"),
    code("HTTP-USERINFO-MISSING", "UserInfo is relayed and there is none"),
    code("HTTP-USERINFO-UNEXPECTED", "UserInfo was sent to an audience that does not relay it"),
    code("HTTP-VERIFIER", "the verifier component failed"),
    code("IN-EXPECTATIONS", "a token came without what it must match"),
    code("IN-JWKS-FILE", "the file of a key set cannot be read as JSON"),
    code("POL-BUNDLE", "a signed bundle lists, lacks or holds other files than it should"),
    code("POL-BUSY", "no instance was free"),
    code("POL-CACHE", "kept machine code cannot be read or written, or is not what this host wrote"),
    code("POL-CARGO", "cargo is absent, fails, or makes no component"),
    code("POL-CLASS", "a policy's class is large, and the host was started without limits for it"),
    code("POL-COMPILE", "a component does not compile, or is larger than the pool allows"),
    code("POL-COMPILE-LIMIT", "compiling a component took more time or memory than it may"),
    code("POL-DIGEST", "a component is not the one that was pinned"),
    code("POL-EXISTS", "a new project would take the place of something"),
    code("POL-EXPORT", "a component does not export what its contract demands"),
    code("POL-FILE", "a component cannot be read"),
    code("POL-FOLDER", "the host's own folder of policies cannot be used"),
    code("POL-HOST", "no host answers an operator's command"),
    code("POL-HOST-ANSWER", "what answers an operator's command is no host that takes operators"),
    code("POL-HOSTCALL", "a component handed too much to the host in one call"),
    code("POL-IMPORT", "a component imports something outside its contract"),
    code("POL-INPUT", "a file of a policy's author does not hold what it should"),
    code("POL-INPUT-FILE", "a file of a policy's author cannot be read"),
    code("POL-INPUT-SIZE", "a file of a policy's author is far larger than what it should hold"),
    code("POL-INTERPRETER", "the component that runs the rules of a policy project is not there"),
    code("POL-KEPT", "the record or a copy of policies cannot be read or written, or is not what this host wrote"),
    code("POL-KEY", "the file of a key is none, or no key can be made"),
    code("POL-LAST-GOOD", "a warning: what is configured does not load, and the last good policy serves"),
    code("POL-LOAD", "a component failed while it was being loaded"),
    code("POL-LOG-CHAIN", "a line of a decision log does not follow the line before it"),
    code("POL-LOG-FILE", "a decision log cannot be read"),
    code("POL-LOG-INPUT", "a decision log holds no question to ask again"),
    code("POL-LOG-LINE", "a line is none of a decision log"),
    code("POL-MEMORY", "a component wanted more memory than its limit"),
    code("POL-NAME", "a policy cannot have the name"),
    code("POL-NEEDS-LOGIN", "a policy that decides on logins stands in an audience that has none"),
    code("POL-NO-VECTORS", "a policy project has no test vectors"),
    code("POL-NOT-BUILT", "the component of a policy project is not built"),
    code("POL-NOT-KEPT", "the revision that an operator wants back is not kept"),
    code("POL-NOTHING-TO-BUILD", "a policy is text that an interpreter runs"),
    code("POL-OUTCOME-SIZE", "a policy's answer is larger than its limit"),
    code("POL-PERMITTED", "the policies permit, and none gives a reason"),
    code("POL-POOL", "the pool of instances cannot be reserved"),
    code("POL-PROJECT", "a directory holds no policy project, or its manifest is wrong"),
    code("POL-REASON", "a policy answered with a reason that its description does not list"),
    code("POL-RESTART", "the configuration has audiences that only a start can add or remove"),
    code("POL-REVISION", "a bundle is older than one that was accepted, or has its revision"),
    code("POL-ROLLED-BACK", "a warning: an operator rolled a policy back"),
    code("POL-SCHEMA", "a policy describes its settings with something else than a JSON object"),
    code("POL-SETTINGS", "a policy refuses its settings"),
    code("POL-SIGNATURE", "a bundle is not signed with the key"),
    code("POL-SIZE", "a component file is larger than any component should be"),
    code("POL-STACK", "a component recursed deeper than its limit"),
    code("POL-TABLE", "a component wanted a larger table than its limit"),
    code("POL-TICKER", "the thread that stops endless policies cannot be started"),
    code("POL-UNKNOWN", "there is no such policy of such an audience"),
    code("POL-VECTORS", "a policy does not answer its own vectors"),
    code("POL-WATCH", "files or signals cannot be watched"),
    code("POL-WORKER", "the process that compiles cannot be started"),
    code("POL-WRITE", "a file of a project cannot be written"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Every literal of the sources that looks like one of our codes, this table left out.
    fn used(directory: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                used(&path, found);
            } else if path.file_name().unwrap() != "code.rs" {
                let source = std::fs::read_to_string(&path).unwrap();
                let words = source.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'));
                let is_code = |word: &&str| {
                    ["CFG-", "HTTP-", "IN-", "POL-"]
                        .iter()
                        .any(|area| word.len() > area.len() && word.starts_with(area))
                };
                found.extend(words.filter(is_code).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_code_is_explained_and_used() {
        let mut used_codes = BTreeSet::new();
        used(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut used_codes);
        let names: Vec<&str> = TABLE.iter().map(|code| code.name).collect();
        assert!(
            names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]),
            "the table is in order, each code once"
        );
        for code in &used_codes {
            let explained = names.contains(&code.as_str()) || verifier_core::code::meaning(code).is_some();
            assert!(explained, "add to code::TABLE: {code}");
        }
        for name in names {
            assert!(used_codes.contains(name), "nothing answers with {name}");
            assert_eq!(verifier_core::code::meaning(name), None, "the core has {name} already");
        }
    }
}
