//! What a browser reads: the manifest of one package, made from `manifest.json` and `extension/flavours.json`.
//!
//! A flavour adds hosts and sets top-level members; a browser loses the members that only the other one knows, because each
//! calls them unknown (Chromium) or ignored (Firefox's linter). Nothing else may differ.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Adds the flavour's hosts wherever the manifest names hosts, and sets the members that the flavour replaces.
pub(super) fn flavoured(base: &Value, flavour: &Value) -> Result<Value> {
    let mut manifest = base.clone();
    let hosts = flavour.get("hosts").and_then(Value::as_array).context("a flavour has a list `hosts`")?;
    let patterns: Vec<Value> =
        hosts.iter().filter_map(Value::as_str).map(|host| Value::from(format!("https://{host}/*"))).collect();
    for place in ["/host_permissions", "/content_scripts/0/matches"] {
        let list = manifest.pointer_mut(place).and_then(Value::as_array_mut);
        list.with_context(|| format!("manifest.json has no list at {place}"))?.extend(patterns.iter().cloned());
    }
    let members = manifest.as_object_mut().context("manifest.json is not an object")?;
    for (name, value) in flavour.get("set").and_then(Value::as_object).into_iter().flatten() {
        members.insert(name.clone(), value.clone());
    }
    Ok(manifest)
}

/// Takes away what this browser does not know. A member that is not there is a mistake in `flavours.json`.
pub(super) fn for_browser(manifest: &Value, browser: &Value) -> Result<Value> {
    let mut manifest = manifest.clone();
    let places = browser.get("without").and_then(Value::as_array).context("a browser has a list `without`")?;
    for place in places.iter().filter_map(Value::as_str) {
        let (parent, name) = place.rsplit_once('/').with_context(|| format!("`{place}` is no JSON pointer"))?;
        let parent = manifest.pointer_mut(parent).and_then(Value::as_object_mut);
        if parent.and_then(|members| members.remove(name)).is_none() {
            bail!("manifest.json has no {place}, which extension/flavours.json takes away");
        }
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{flavoured, for_browser};

    #[test]
    fn a_flavour_adds_hosts_and_sets_members_and_nothing_else() {
        let base = json!({
            "name": "a", "permissions": ["storage"],
            "host_permissions": ["https://one.example/*"],
            "content_scripts": [{ "matches": ["https://one.example/*"], "js": ["content.js"] }],
        });
        let flavour = json!({ "hosts": ["two.example"], "set": { "name": "b" } });
        let expect = json!({
            "name": "b", "permissions": ["storage"],
            "host_permissions": ["https://one.example/*", "https://two.example/*"],
            "content_scripts": [{ "matches": ["https://one.example/*", "https://two.example/*"], "js": ["content.js"] }],
        });
        assert_eq!(flavoured(&base, &flavour).unwrap(), expect);
    }

    #[test]
    fn a_browser_loses_members_and_nothing_else() {
        let base =
            json!({ "name": "a", "gecko": { "id": "x" }, "background": { "scripts": ["b.js"], "worker": "b.js" } });
        let browser = json!({ "without": ["/gecko", "/background/scripts"] });
        let expect = json!({ "name": "a", "background": { "worker": "b.js" } });
        assert_eq!(for_browser(&base, &browser).unwrap(), expect);
        for wrong in [json!({ "without": ["/absent"] }), json!({ "without": ["/name/absent"] }), json!({})] {
            assert!(for_browser(&base, &wrong).is_err(), "{wrong}");
        }
    }
}
