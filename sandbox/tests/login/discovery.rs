//! What the provider announces, member by member, against what Pro Santé Connect announces.
//!
//! `published_discovery.json` is the document of the national sandbox as reconstructed from two public captures, with `{A}` and
//! `{W}` in the place of its two hosts. Every value of it is served here, or stands below with the reason why not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::World;

const STOCK: &str = "advertised by the underlying server software; no document shows it in use";
const JWT_CLIENTS: &str = "only secrets and TLS certificates are known to work for clients";
const ENCRYPTION: &str = "no encrypted token, answer or request of the provider was ever published";
const ALGORITHMS: &str = "every real token found is RS256";
const NO_KEYS: &str = "services register no key here, so there is nothing to verify such a signature with";

const NO_TLS: &str = "served with --tls, where a certificate can be asked for";

/// A member, one of its values (or none for all of it), and why it is not served.
const NOT_SERVED: &[(&str, Option<&str>, &str)] = &[
    ("check_session_iframe", None, "the provider forbids frames, and browsers keep its cookie out of them"),
    ("registration_endpoint", None, "services are registered by an application form; here by --people"),
    ("device_authorization_endpoint", None, STOCK),
    ("grant_types_supported", Some("implicit"), STOCK),
    ("grant_types_supported", Some("password"), STOCK),
    ("grant_types_supported", Some("client_credentials"), STOCK),
    ("grant_types_supported", Some("urn:ietf:params:oauth:grant-type:device_code"), STOCK),
    ("response_types_supported", Some("none"), STOCK),
    ("response_types_supported", Some("id_token"), STOCK),
    ("response_types_supported", Some("token"), STOCK),
    ("response_types_supported", Some("id_token token"), STOCK),
    ("response_types_supported", Some("code id_token"), STOCK),
    ("response_types_supported", Some("code token"), STOCK),
    ("response_types_supported", Some("code id_token token"), STOCK),
    ("response_modes_supported", Some("query.jwt"), STOCK),
    ("response_modes_supported", Some("fragment.jwt"), STOCK),
    ("response_modes_supported", Some("form_post.jwt"), STOCK),
    ("response_modes_supported", Some("jwt"), STOCK),
    ("subject_types_supported", Some("pairwise"), "every published subject is the same for all services"),
    ("id_token_signing_alg_values_supported", Some("*"), ALGORITHMS),
    ("id_token_encryption_alg_values_supported", None, ENCRYPTION),
    ("id_token_encryption_enc_values_supported", None, ENCRYPTION),
    ("userinfo_signing_alg_values_supported", None, "no signed UserInfo was ever seen; the answer is JSON"),
    ("userinfo_encryption_alg_values_supported", None, ENCRYPTION),
    ("userinfo_encryption_enc_values_supported", None, ENCRYPTION),
    ("request_object_signing_alg_values_supported", Some("*"), NO_KEYS),
    ("request_object_encryption_alg_values_supported", None, ENCRYPTION),
    ("request_object_encryption_enc_values_supported", None, ENCRYPTION),
    ("authorization_signing_alg_values_supported", None, STOCK),
    ("authorization_encryption_alg_values_supported", None, ENCRYPTION),
    ("authorization_encryption_enc_values_supported", None, ENCRYPTION),
    ("token_endpoint_auth_methods_supported", Some("private_key_jwt"), JWT_CLIENTS),
    ("token_endpoint_auth_methods_supported", Some("client_secret_jwt"), JWT_CLIENTS),
    ("token_endpoint_auth_methods_supported", Some("tls_client_auth"), NO_TLS),
    ("token_endpoint_auth_signing_alg_values_supported", None, JWT_CLIENTS),
    ("introspection_endpoint_auth_methods_supported", Some("private_key_jwt"), JWT_CLIENTS),
    ("introspection_endpoint_auth_methods_supported", Some("client_secret_jwt"), JWT_CLIENTS),
    ("introspection_endpoint_auth_methods_supported", Some("tls_client_auth"), NO_TLS),
    ("introspection_endpoint_auth_signing_alg_values_supported", None, JWT_CLIENTS),
    ("revocation_endpoint_auth_methods_supported", Some("private_key_jwt"), JWT_CLIENTS),
    ("revocation_endpoint_auth_methods_supported", Some("client_secret_jwt"), JWT_CLIENTS),
    ("revocation_endpoint_auth_methods_supported", Some("tls_client_auth"), NO_TLS),
    ("revocation_endpoint_auth_signing_alg_values_supported", None, JWT_CLIENTS),
    ("claims_parameter_supported", Some("true"), STOCK),
    ("request_uri_parameter_supported", Some("true"), "a simulator fetches nothing from addresses it is sent"),
    ("require_request_uri_registration", None, "no request_uri is fetched"),
    ("tls_client_certificate_bound_access_tokens", None, "no published access token of the provider was bound"),
    ("backchannel_token_delivery_modes_supported", Some("ping"), "only poll works in practice"),
    ("backchannel_authentication_request_signing_alg_values_supported", None, NO_KEYS),
    ("mtls_endpoint_aliases", None, NO_TLS),
];

async fn document(world: &World, name: &str) -> Value {
    let url = format!("{}/.well-known/{name}", world.ready.issuer);
    world.browser().http.get(url).send().await.unwrap().json().await.unwrap()
}

/// A member as a set of texts, so that lists and single values compare alike.
fn values(member: &Value) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match member {
        Value::Array(all) => all.iter().map(text).collect(),
        one => BTreeSet::from([text(one)]),
    }
}

#[tokio::test]
async fn every_published_value_is_served_or_named_with_its_reason() {
    let world = World::start().await;
    let served = document(&world, "wallet-openid-configuration").await;
    let published = include_str!("published_discovery.json");
    let published = published.replace("{A}", &world.ready.wallet).replace("{W}", &world.ready.wallet);
    let published: Value = serde_json::from_str(&published).unwrap();
    let (served, published) = (served.as_object().unwrap(), published.as_object().unwrap());

    let mut used = BTreeSet::new();
    let mut missing = Vec::new();
    for (name, member) in published {
        let there = served.get(name).map(values).unwrap_or_default();
        for value in values(member).difference(&there) {
            let excuse = NOT_SERVED.iter().position(|(of, which, _)| {
                of == name && which.is_none_or(|which| which == "*" || which == value.as_str())
            });
            match excuse {
                Some(at) => drop(used.insert(at)),
                None => missing.push(format!("{name}: {value}")),
            }
        }
    }
    assert!(missing.is_empty(), "neither served nor excused: {missing:#?}");
    let idle: Vec<_> = NOT_SERVED.iter().enumerate().filter(|(at, _)| !used.contains(at)).collect();
    assert!(idle.is_empty(), "excused although it is served, or was never published: {idle:#?}");

    for (name, member) in served {
        let known = published.get(name).map(values).unwrap_or_default();
        // What is said here and not there can only be the plain denial of something published.
        let more: Vec<String> = values(member).difference(&known).filter(|value| *value != "false").cloned().collect();
        assert!(published.contains_key(name) && more.is_empty(), "served but never published: {name}: {more:?}");
    }
}

#[tokio::test]
async fn both_documents_agree_but_for_the_login_page() {
    let world = World::start().await;
    let mut wallet = document(&world, "wallet-openid-configuration").await;
    let mut plain = document(&world, "openid-configuration").await;
    assert_eq!(wallet["issuer"], world.ready.issuer.as_str());
    assert_eq!(wallet["authorization_endpoint"], format!("{}/auth", world.ready.wallet));
    assert_eq!(plain["authorization_endpoint"], world.endpoint("auth"));
    for document in [&mut wallet, &mut plain] {
        document.as_object_mut().unwrap().remove("authorization_endpoint");
    }
    assert_eq!(wallet, plain);

    // The other authorization endpoint leads to the same page.
    let mut browser = world.browser();
    let url = world
        .authorize_url(&[])
        .replace(&format!("{}/auth?", world.ready.wallet), &format!("{}?", world.endpoint("auth")));
    let forwarded = browser.get(&url).await;
    assert_eq!(forwarded.status, 302);
    assert_eq!(browser.get(&forwarded.location()).await.status, 200);
}

#[tokio::test]
async fn every_announced_endpoint_answers() {
    let world = World::start().await;
    let served = document(&world, "wallet-openid-configuration").await;
    let addresses: Vec<&str> = served
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri")
        .map(|(_, address)| address.as_str().unwrap())
        .collect();
    assert_eq!(addresses.len(), 9, "{addresses:?}");
    for address in addresses {
        let http = world.browser().http;
        let (by_get, by_post) = (http.get(address).send().await.unwrap(), http.post(address).send().await.unwrap());
        let statuses = [by_get.status().as_u16(), by_post.status().as_u16()];
        assert!(statuses.iter().all(|status| ![404, 500].contains(status)), "{address}: {statuses:?}");
        assert!(statuses.iter().any(|status| ![405].contains(status)), "{address}: {statuses:?}");
    }
}

#[tokio::test]
async fn keys_are_published_for_both_uses() {
    let world = World::start().await;
    let jwks: Value = world.browser().http.get(world.endpoint("certs")).send().await.unwrap().json().await.unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    let uses: Vec<(&Value, &Value, &Value)> = keys.iter().map(|key| (&key["kty"], &key["use"], &key["alg"])).collect();
    assert_eq!(
        uses,
        [(&json!("RSA"), &json!("enc"), &json!("RSA-OAEP")), (&json!("RSA"), &json!("sig"), &json!("RS256")),]
    );
    assert!(keys.iter().all(|key| key.get("d").is_none() && key["e"] == "AQAB"));
}
