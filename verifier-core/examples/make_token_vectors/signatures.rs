//! Signatures at the edges of what their specifications allow.

use p256::elliptic_curve::bigint::U256;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

use crate::keys::{Keys, Signer, b64, p256_jwk, rsa_jwk, with};
use crate::token::{BAS, CLIENT, ES, NONCE, NOW, RS, id_claims};
use crate::write::{Case, case};

const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const PRIME: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn line(token: &str, jwks: &Value) -> Value {
    json!({ "value": token, "kind": "id", "issuer": BAS, "audience": CLIENT, "nonce": NONCE, "now": NOW, "jwks": jwks })
}

pub(crate) fn cases(keys: &Keys) -> Vec<Case> {
    let mut cases = Vec::new();
    ecdsa(keys, &mut cases);
    rsa_signatures(keys, &mut cases);
    cases
}

fn ecdsa(keys: &Keys, cases: &mut Vec<Case>) {
    let jwks = keys.small_jwks();
    let claims = id_claims().to_string();
    let input = format!("{}.{}", b64(ES.as_bytes()), b64(claims.as_bytes()));
    let signature = Signer::Es256(&keys.p256).sign(input.as_bytes());
    let (r, s) = signature.split_at(32);
    let order = hex(ORDER);
    let one = hex(&format!("{:064x}", 1));
    let negated = U256::from_be_slice(&order).wrapping_sub(&U256::from_be_slice(s)).to_be_bytes().to_vec();
    let mut below = order.clone();
    below[31] -= 1;
    let join = |r: &[u8], s: &[u8]| [r, s].concat();
    let der = p256::ecdsa::Signature::from_slice(&signature).unwrap().to_der().as_bytes().to_vec();
    let range = "FIPS 186-5 6.4.2, step 1: r and s in [1, n-1]";
    let form = "RFC 7518 3.4: 64 octets, r then s";
    let rows: Vec<(&str, &str, Vec<u8>, Option<&'static str>)> = vec![
        ("ES256, the signature itself", form, signature.clone(), None),
        ("ES256, s negated", "FIPS 186-5 does not demand a low s; JWS neither", join(r, &negated), None),
        ("ES256, r and s swapped", form, join(s, r), Some("TOK-SIGNATURE")),
        ("ES256, all zero", "CVE-2022-21449", vec![0; 64], Some("TOK-SIGNATURE-FORM")),
        ("ES256, r zero", range, join(&[0; 32], s), Some("TOK-SIGNATURE-FORM")),
        ("ES256, s zero", range, join(r, &[0; 32]), Some("TOK-SIGNATURE-FORM")),
        ("ES256, r is the order", range, join(&order, s), Some("TOK-SIGNATURE-FORM")),
        ("ES256, s is the order", range, join(r, &order), Some("TOK-SIGNATURE-FORM")),
        ("ES256, all ones", range, vec![0xff; 64], Some("TOK-SIGNATURE-FORM")),
        ("ES256, r and s one", range, join(&one, &one), Some("TOK-SIGNATURE")),
        ("ES256, r and s one below the order", range, join(&below, &below), Some("TOK-SIGNATURE")),
        ("ES256, as DER", form, der, Some("TOK-SIGNATURE-FORM")),
        ("ES256, empty", form, Vec::new(), Some("TOK-SIGNATURE-FORM")),
        ("ES256, 63 bytes", form, signature[..63].to_vec(), Some("TOK-SIGNATURE-FORM")),
        ("ES256, 65 bytes", form, join(&signature, &[0]), Some("TOK-SIGNATURE-FORM")),
        ("ES256, a zero in front of each", form, [&[0][..], r, &[0], s].concat(), Some("TOK-SIGNATURE-FORM")),
        ("ES256, one bit changed", form, flipped(&signature), Some("TOK-SIGNATURE")),
    ];
    for (name, source, signature, code) in rows {
        cases.push(case(name, source, "token", line(&format!("{input}.{}", b64(&signature)), &jwks), code));
    }
    // A leading zero in r or s is part of the fixed-width form and must not be cut off.
    for (part, name) in [(0, "r"), (32, "s")] {
        let (token, signature) = search(|claims| {
            let input = format!("{}.{}", b64(ES.as_bytes()), b64(claims.as_bytes()));
            let signature = Signer::Es256(&keys.p256).sign(input.as_bytes());
            (signature[part] == 0).then_some((input, signature))
        });
        let whole = line(&format!("{token}.{}", b64(&signature)), &jwks);
        cases.push(case(&format!("ES256, {name} starts with zero"), form, "token", whole, None));
        let mut short = signature;
        short.remove(part);
        let short = line(&format!("{token}.{}", b64(&short)), &jwks);
        cases.push(case(
            &format!("ES256, leading zero of {name} cut off"),
            form,
            "token",
            short,
            Some("TOK-SIGNATURE-FORM"),
        ));
    }
    let stranger = Signer::Es256(&keys.stranger).token(ES, &claims);
    cases.push(case("ES256, another key", "RFC 7515 5.2", "token", line(&stranger, &jwks), Some("TOK-SIGNATURE")));
    let token = format!("{input}.{}", b64(&signature));
    for (name, x, y) in [
        ("key off the curve", b64(&[1; 32]), b64(&[2; 32])),
        ("coordinate is the field prime", b64(&hex(PRIME)), b64(&[2; 32])),
        ("coordinate above the field prime", b64(&[0xff; 32]), b64(&[0xff; 32])),
    ] {
        let jwk = with(p256_jwk(&keys.p256), json!({ "kid": "es", "x": x, "y": y }));
        let row = line(&token, &json!({ "keys": [jwk] }));
        cases.push(case(name, "SEC 1 3.2.2.1: public key validation", "token", row, Some("TOK-SIGNATURE")));
    }
}

fn rsa_signatures(keys: &Keys, cases: &mut Vec<Case>) {
    let jwks = json!({ "keys": [with(rsa_jwk(&keys.rsa), json!({ "kid": "rs", "use": "sig" }))] });
    let claims = id_claims().to_string();
    let input = format!("{}.{}", b64(RS.as_bytes()), b64(claims.as_bytes()));
    let signature = Signer::Rs256(&keys.rsa).sign(input.as_bytes());
    let modulus = keys.rsa.n().to_be_bytes_trimmed_vartime().to_vec();
    let mut below = modulus.clone();
    below[255] -= 1;
    let small = |value: u8| [vec![0; 255], vec![value]].concat();
    let form = "RFC 8017 8.2.2, step 1: as many octets as the modulus";
    let range = "RFC 8017 5.2.2: the signature representative is below n";
    let rows: Vec<(&str, &str, Vec<u8>, Option<&'static str>)> = vec![
        ("RS256, the signature itself", form, signature.clone(), None),
        ("RS256, empty", form, Vec::new(), Some("TOK-SIGNATURE-FORM")),
        ("RS256, 255 bytes", form, signature[..255].to_vec(), Some("TOK-SIGNATURE-FORM")),
        ("RS256, a zero in front", form, [&[0][..], &signature].concat(), Some("TOK-SIGNATURE-FORM")),
        ("RS256, a zero behind", form, [&signature[..], &[0]].concat(), Some("TOK-SIGNATURE-FORM")),
        ("RS256, zero", range, small(0), Some("TOK-SIGNATURE")),
        ("RS256, one", range, small(1), Some("TOK-SIGNATURE")),
        ("RS256, n minus one", range, below, Some("TOK-SIGNATURE")),
        ("RS256, n", range, modulus, Some("TOK-SIGNATURE")),
        ("RS256, all ones", range, vec![0xff; 256], Some("TOK-SIGNATURE")),
        ("RS256, one bit changed", form, flipped(&signature), Some("TOK-SIGNATURE")),
        (
            "RS256, a PS256 signature",
            "RFC 7518 3.3",
            Signer::Ps256(&keys.rsa, 32).sign(input.as_bytes()),
            Some("TOK-SIGNATURE"),
        ),
    ];
    for (name, source, signature, code) in rows {
        cases.push(case(name, source, "token", line(&format!("{input}.{}", b64(&signature)), &jwks), code));
    }
    let (token, signature) = search(|claims| {
        let input = format!("{}.{}", b64(RS.as_bytes()), b64(claims.as_bytes()));
        let signature = Signer::Rs256(&keys.rsa).sign(input.as_bytes());
        (signature[0] == 0).then_some((input, signature))
    });
    let whole = line(&format!("{token}.{}", b64(&signature)), &jwks);
    cases.push(case("RS256, starts with zero", form, "token", whole, None));
    let short = line(&format!("{token}.{}", b64(&signature[1..])), &jwks);
    cases.push(case("RS256, leading zero cut off", form, "token", short, Some("TOK-SIGNATURE-FORM")));
    let stranger = Signer::Rs256(&keys.stranger_rsa).token(RS, &claims);
    cases.push(case("RS256, another key", "RFC 7515 5.2", "token", line(&stranger, &jwks), Some("TOK-SIGNATURE")));
    let ps = r#"{"alg":"PS256","kid":"rs"}"#;
    for (name, signer, code) in [
        ("PS256, salt of 32 bytes", Signer::Ps256(&keys.rsa, 32), None),
        ("PS256, salt of 20 bytes", Signer::Ps256(&keys.rsa, 20), Some("TOK-SIGNATURE")),
        ("PS256, no salt", Signer::Ps256(&keys.rsa, 0), Some("TOK-SIGNATURE")),
        ("PS256, an RS256 signature", Signer::Rs256(&keys.rsa), Some("TOK-SIGNATURE")),
    ] {
        let row = line(&signer.token(ps, &claims), &jwks);
        cases.push(case(name, "RFC 7518 3.5: the salt is as long as the digest", "token", row, code));
    }
}

fn flipped(signature: &[u8]) -> Vec<u8> {
    let mut changed = signature.to_vec();
    changed[20] ^= 1;
    changed
}

/// Varies the token id until a signature has the wanted form; one in 256 has.
fn search(wanted: impl Fn(&str) -> Option<(String, Vec<u8>)>) -> (String, Vec<u8>) {
    (0..10_000)
        .find_map(|round| wanted(&with(id_claims(), json!({ "jti": format!("round-{round}") })).to_string()))
        .unwrap()
}
