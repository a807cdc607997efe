//! Every stable code of the core, once, with what it means.
//!
//! Codes never change meaning and are never used again after they disappear. The part before the first dash says where a
//! code comes from:
//!
//! | prefix | from |
//! |---|---|
//! | `ID-` | identifiers ([`crate::ids`]) |
//! | `URL-` | addresses ([`crate::page::assess`]) |
//! | `PAGE-` | pages ([`crate::page::recognise`]) |
//! | `LOG-` | the matching number ([`crate::login`]) |
//! | `ACT-` | activation |
//! | `GUIDE-` | guidance |
//! | `TOK-` | tokens and key sets |
//! | `UI-` | UserInfo |
//! | `IN-` | input lines of [`crate::report`] |
//! | `POL-` | combining policies ([`crate::decision`]) |
//!
//! Other parts of the product have prefixes and tables of their own. A test reads the sources and proves that every code used
//! stands here and that every code here is used.

/// A code and its meaning in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable text, for example `TOK-EXPIRED`.
    pub name: &'static str,
    /// What it says, as a sentence without a full stop.
    pub meaning: &'static str,
}

const fn code(name: &'static str, meaning: &'static str) -> Code {
    Code { name, meaning }
}

/// The meaning of a code, when it is one of the core's.
#[must_use]
pub fn meaning(name: &str) -> Option<&'static str> {
    TABLE.iter().find(|code| code.name == name).map(|code| code.meaning)
}

/// Every code of the core, sorted by name within its prefix.
pub const TABLE: &[Code] = &[
    // Activation.
    code("ACT-CARD-QR-EXPIRED", "the QR code on the portal is older than 90 seconds"),
    code("ACT-CODE-DIGITS", "an activation code or PIN consists of digits"),
    code("ACT-CODE-EXPIRED", "the activation code is too old"),
    code("ACT-CODE-LENGTH", "an activation code or PIN has another number of digits"),
    code("ACT-CODE-LOCKED", "the activation code was wrong too often"),
    code("ACT-CODE-WRONG", "the activation code is wrong"),
    code("ACT-MAIL", "the registered mail address has an unexpected form"),
    code("ACT-MAIL-QR-EXPIRED", "the mailed QR code is older than two days"),
    code("ACT-NO-CARD", "activation by card needs a named card"),
    code("ACT-NO-CONTACTS", "neither mail address nor mobile phone is registered"),
    code("ACT-NO-MAIL", "no mail address is registered"),
    code("ACT-NO-PHONE", "no mobile phone is registered"),
    code("ACT-ORDER", "the activation does not wait for this step"),
    code("ACT-OTHER-DEVICE", "another phone scanned the QR code"),
    code("ACT-PHONE", "the registered number is not a French mobile number"),
    code("ACT-PIN-DIFFERS", "the PIN was not the same twice"),
    code("ACT-QR-SUPERSEDED", "a newer QR code was asked for"),
    code("ACT-QR-UNKNOWN", "the QR code is not one of an activation of this person"),
    code("ACT-QR-USED", "the QR code was already used"),
    code("ACT-RANDOM", "the random source failed, so no code was made"),
    // Identifiers.
    code("ID-AMBIGUOUS", "several registers use this form, so the kind must be named"),
    code("ID-CHARACTER", "a character cannot stand in this identifier"),
    code("ID-DIRECTION", "a hidden character changes the reading direction"),
    code("ID-EMPTY", "the identifier is empty"),
    code("ID-FOREIGN-DIGIT", "a digit belongs to another script"),
    code("ID-FORM", "no kind of identifier has this form"),
    code("ID-INS-BIRTH-DATE", "the date of birth is not a date"),
    code("ID-INS-BIRTH-NAME", "the birth name has an unexpected form"),
    code("ID-INS-BIRTH-PLACE", "the place of birth is not a geographic code"),
    code("ID-INS-GIVEN-NAMES", "the given names have an unexpected form"),
    code("ID-INS-SEX", "the sex is none of F, M, I"),
    code("ID-KIND", "the identifier is well formed and of another kind than the one named"),
    code("ID-LENGTH", "the identifier has the wrong number of characters"),
    code("ID-LOCAL-FORM", "the part after the slash has a character that cannot stand there"),
    code("ID-LOCAL-MISSING", "the number that a structure gives its staff is missing after the slash"),
    code("ID-LOCAL-UNEXPECTED", "this register has no part after a slash"),
    code("ID-NIR-FIELD", "sex, month or place of a NIR is outside its range"),
    code("ID-PREFIX", "the digit 8 before the RPPS is missing"),
    code("ID-TOO-LONG", "the identifier is longer than any register's"),
    code("ID-TYPE", "the first digit names no register"),
    code("ID-ZERO", "the identifier consists of zeros"),
    // Input lines.
    code("IN-DUPLICATE-MEMBER", "the line names a member twice"),
    code("IN-JSON", "the line is not one acceptable JSON object"),
    code("IN-MEMBER-MISSING", "the line lacks a member that the operation needs"),
    code("IN-MEMBER-TYPE", "a member of the line has the wrong type"),
    code("IN-MEMBER-UNKNOWN", "the line has a member that the operation does not know"),
    code("IN-MEMBER-VALUE", "a member of the line has a value outside its list"),
    code("IN-OPERATION", "there is no such operation in this build"),
    code("IN-REPORT", "the report could not be written; this is a defect"),
    code("IN-TOO-LARGE", "the line is longer than allowed"),
    // The matching number.
    code("LOG-DIGITS", "a matching number consists of digits"),
    code("LOG-FOREIGN-DIGIT", "a digit of the matching number belongs to another script"),
    code("LOG-LENGTH", "a matching number has exactly two digits"),
    // Pages.
    code("PAGE-FIELD-HIDDEN", "the field for the identifier is not visible"),
    code("PAGE-FIELD-LOCKED", "the field for the identifier cannot be typed into"),
    code("PAGE-FIELD-MISSING", "the page has no field for the identifier"),
    code("PAGE-FIELD-SEVERAL", "more than one field could be the one for the identifier"),
    code("PAGE-FIELD-UNNAMED", "no field says that it is the one for the identifier"),
    code("PAGE-NO-RULE", "no rule recognises the page"),
    code("PAGE-NUMBER-COUNTDOWN", "the only number in sight may be the countdown"),
    code("PAGE-NUMBER-FOREIGN-DIGIT", "a number on the page has digits of another script"),
    code("PAGE-NUMBER-NONE", "the page shows no number of two digits"),
    code("PAGE-NUMBER-SEVERAL", "the page shows more than one number of two digits"),
    code("PAGE-PASSWORD", "the page asks for a password, which the genuine one never does"),
    code("PAGE-TOO-LARGE", "the observation exceeds its sizes"),
    code("PAGE-VERSION", "the observation has another version than this core reads"),
    // Policies.
    code("POL-ABSTAINED", "a required policy had no opinion"),
    code("POL-BAD-OUTPUT", "a policy answered something outside the contract"),
    code("POL-DENIED", "a policy said no"),
    code("POL-MISSING", "a configured policy is not loaded"),
    code("POL-NOBODY-PERMITS", "no policy said yes"),
    code("POL-NONE-CONFIGURED", "no policy is configured for the audience"),
    code("POL-QUARANTINED", "a policy failed too often in a row and is not asked any more"),
    code("POL-TIMEOUT", "a policy ran past its deadline"),
    code("POL-TRAP", "a policy trapped"),
    // Tokens.
    code("TOK-ACR-MISSING", "the token states no level, which is not the lowest level"),
    code("TOK-ACR-TOO-LOW", "the level is below the required one"),
    code("TOK-ACR-UNKNOWN", "the token states a level outside the table"),
    code("TOK-ACTING-AS", "the named practice is not one of this login"),
    code("TOK-ALG-HMAC", "the token says that it is signed with a shared secret"),
    code("TOK-ALG-MISSING", "the token names no algorithm"),
    code("TOK-ALG-NONE", "the token says that it is not signed"),
    code("TOK-ALG-UNSUPPORTED", "the algorithm is not RS256, PS256 or ES256"),
    code("TOK-AT-HASH", "the access token does not belong to the ID token"),
    code("TOK-AT-SUBJECT", "access token and ID token are about different subjects"),
    code("TOK-AUDIENCE", "the token is not meant for this client"),
    code("TOK-AUDIENCE-EMPTY", "issuer or client id of the expectation is empty"),
    code("TOK-AUDIENCE-EXTRA", "the token is meant for somebody else as well"),
    code("TOK-AUTH-TIME-IN-FUTURE", "the person is said to have logged in in the future"),
    code("TOK-AUTH-TIME-MISSING", "a maximum age is set and the token does not say when the person logged in"),
    code("TOK-AUTH-TOO-OLD", "the person logged in longer ago than allowed"),
    code("TOK-AZP", "the token was not issued to this client"),
    code("TOK-BASE64URL", "a part of the token is not base64url without padding"),
    code("TOK-CLAIM-MISSING", "a claim that every token must have is missing"),
    code("TOK-CLAIM-TYPE", "a claim has the wrong type or length"),
    code("TOK-CLAIMS-JSON", "the claims are not an acceptable JSON object"),
    code("TOK-CLOCK-SKEW", "the clock skew of the expectation is above the limit"),
    code("TOK-CNF-ANS-HEX", "the certificate thumbprint is base64 of hexadecimal text"),
    code("TOK-CNF-FORM", "the certificate thumbprint has no known form"),
    code("TOK-CNF-METHOD", "the token is bound by a method that is not known here"),
    code("TOK-CNF-MISMATCH", "the token is bound to another certificate"),
    code("TOK-CNF-MISSING", "the token must be bound to a certificate and is not"),
    code("TOK-CNF-NO-CERTIFICATE", "the token must be compared with a certificate and none was handed over"),
    code("TOK-CRIT", "the header demands an extension that is not understood"),
    code("TOK-DUPLICATE-MEMBER", "header or claims name a member twice"),
    code("TOK-EMBEDDED-KEY", "the header brings its own key"),
    code("TOK-ENCRYPTED", "the token is encrypted"),
    code("TOK-EXPIRED", "the token has expired"),
    code("TOK-FORM", "the token does not have three parts"),
    code("TOK-HEADER-FORM", "`kid` or `typ` of the header is not a short string"),
    code("TOK-HEADER-JSON", "the header is not an acceptable JSON object"),
    code("TOK-HEADER-TYPE", "`typ` of the header belongs to another kind of token"),
    code("TOK-INACTIVE", "the provider says that the token is no longer active"),
    code("TOK-INTROSPECTION-FORM", "the introspection answer is not the expected JSON object"),
    code("TOK-ISSUED-IN-FUTURE", "the token was issued in the future"),
    code("TOK-ISSUER", "the issuer is not exactly the expected one"),
    code("TOK-JWKS-FORM", "the key set is not a JWK Set"),
    code("TOK-JWKS-PRIVATE-KEY", "the key set contains a private or shared key"),
    code("TOK-JWKS-TOO-LARGE", "the key set is larger than allowed"),
    code("TOK-KEY-ALG", "the key is declared for another algorithm than the token's"),
    code("TOK-KEY-AMBIGUOUS", "more than one key fits the token"),
    code("TOK-KEY-NOT-FOR-SIGNING", "the key is not published for signatures"),
    code("TOK-KEY-TYPE", "the key's type does not serve the token's algorithm"),
    code("TOK-KEY-UNKNOWN", "the key set has no key for the token"),
    code("TOK-KEY-UNUSABLE", "the key is damaged or too weak"),
    code("TOK-LIFETIME", "the token lives longer than PSC's ever do, or not at all"),
    code("TOK-NONCE-EXPECTED-EMPTY", "the expected nonce is empty"),
    code("TOK-NONCE-MISMATCH", "the token has another nonce than the one sent"),
    code("TOK-NONCE-MISSING", "a nonce was sent and the token has none"),
    code("TOK-NONCE-UNEXPECTED", "the token has a nonce and none was sent"),
    code("TOK-NOT-YET-VALID", "the token is not valid yet"),
    code("TOK-PAYLOAD-ENCODING", "the header changes how the payload is encoded"),
    code("TOK-SIGNATURE", "the signature does not hold"),
    code("TOK-SIGNATURE-FORM", "the signature does not have the length or range of its algorithm"),
    code("TOK-TOO-LARGE", "the token is longer than allowed"),
    code("TOK-TYPE", "`typ` of the claims is not the expected one"),
    // UserInfo.
    code("UI-CLAIM-TYPE", "a claim of UserInfo has the wrong type or length"),
    code("UI-DUPLICATE-MEMBER", "UserInfo names a member twice"),
    code("UI-IDENTITY-MISMATCH", "UserInfo and ID token state different national ids"),
    code("UI-JSON", "UserInfo is not an acceptable JSON object"),
    code("UI-PRACTICES-TOO-MANY", "UserInfo has more activities than allowed"),
    code("UI-SIGNED", "UserInfo is a signed token and not JSON"),
    code("UI-SUB-MISMATCH", "UserInfo is about another subject than the token"),
    code("UI-SUB-MISSING", "UserInfo has no `sub`"),
    code("UI-TOO-LARGE", "UserInfo is larger than allowed"),
    // Addresses.
    code("URL-BRAND", "the product's name on another domain"),
    code("URL-EMBEDDED", "a name of the operator is built into another domain"),
    code("URL-EXACT", "a genuine host"),
    code("URL-FAMILY", "another host of the operator"),
    code("URL-FORM", "not an address"),
    code("URL-HOMOGRAPH", "a genuine name written with look-alike letters"),
    code("URL-HOST", "an address without a usable host"),
    code("URL-HTTP", "a genuine host without TLS"),
    code("URL-KEYWORDS", "a word of the product beside a word of logging in"),
    code("URL-KNOWN", "a host that the guides and facts name"),
    code("URL-LOCAL", "a host of this machine"),
    code("URL-OTHER-FLAVOUR", "genuine, and not for this build of the extension"),
    code("URL-PORT", "a genuine host on another port"),
    code("URL-PUNYCODE", "a host with a damaged international label"),
    code("URL-RETIRED", "a former host of the operator"),
    code("URL-SCHEME", "neither http nor https"),
    code("URL-TRAILING-DOT", "a genuine host followed by a dot"),
    code("URL-TYPO", "one or two slips away from a name of the operator"),
    code("URL-UNKNOWN", "nothing to say about this host, which is no proof of safety"),
    code("URL-USERINFO", "something stands before an `@`"),
];
