//! A throw-away profile: what Firefox must know before it starts.
//!
//! The settings come in four groups: everything goes through our proxy; nothing is fetched, reported or updated; the
//! extension's internal address is known beforehand, and its storage outlives its removal, which stands for an installed
//! extension when a story starts the browser again; and the extension speaks French.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

/// The id in the manifest, and the address that Firefox gives to its pages, which it would otherwise choose at random.
pub(super) const EXTENSION: &str = "vigie@vigie.example";
pub(super) const EXTENSION_HOST: &str = "5f1c3a52-8f7e-4c59-9d3e-6b0a1f4e7c21";

/// Writes the profile's settings. `idle_ms`: how long the event page may be idle before the browser stops it.
pub(super) fn write(profile: &Path, proxy: SocketAddr, idle_ms: Option<u32>) -> Result<()> {
    let uuids = json!({ EXTENSION: EXTENSION_HOST }).to_string();
    let mut settings: Vec<(&str, Value)> = vec![
        ("network.proxy.type", json!(1)),
        ("network.proxy.http", json!(proxy.ip().to_string())),
        ("network.proxy.http_port", json!(proxy.port())),
        ("network.proxy.ssl", json!(proxy.ip().to_string())),
        ("network.proxy.ssl_port", json!(proxy.port())),
        ("network.proxy.no_proxies_on", json!("")),
        // The sandbox's own names end in `localhost`, which Firefox would resolve by itself.
        ("network.proxy.allow_hijacking_localhost", json!(true)),
        ("network.proxy.failover_direct", json!(false)),
        ("extensions.webextensions.uuids", json!(uuids)),
        ("extensions.webextensions.keepStorageOnUninstall", json!(true)),
        ("extensions.webextensions.keepUuidOnUninstall", json!(true)),
        // The browser's own question about a permission is answered with yes; that it asks is its part.
        ("extensions.webextOptionalPermissionPrompts", json!(false)),
        ("intl.locale.requested", json!("fr")),
        ("intl.accept_languages", json!("fr, en")),
        ("browser.startup.page", json!(0)),
        ("browser.startup.homepage", json!("about:blank")),
        ("services.settings.server", json!("data:,nothing")),
        ("browser.search.region", json!("FR")),
        ("browser.safebrowsing.provider.google4.updateURL", json!("")),
        ("browser.safebrowsing.provider.google5.updateURL", json!("")),
        ("browser.safebrowsing.provider.mozilla.updateURL", json!("")),
        ("media.gmp-manager.url", json!("data:,nothing")),
        ("media.gmp-manager.chromium-update-url", json!("data:,nothing")),
        ("toolkit.telemetry.server", json!("data:,nothing")),
        ("security.OCSP.enabled", json!(0)),
        ("network.trr.mode", json!(5)),
    ];
    settings.extend(OFF.iter().map(|name| (*name, json!(false))));
    if let Some(idle_ms) = idle_ms {
        settings.push(("extensions.background.idle.timeout", json!(idle_ms)));
    }
    let mut text = String::new();
    for (name, value) in settings {
        // Writing to a string does not fail.
        let _ = writeln!(text, "user_pref({}, {value});", json!(name));
    }
    Ok(std::fs::write(profile.join("user.js"), text)?)
}

/// What a browser does on its own account.
const OFF: &[&str] = &[
    "app.normandy.enabled",
    "app.shield.optoutstudies.enabled",
    "app.update.enabled",
    "browser.aboutConfig.showWarning",
    "browser.discovery.enabled",
    "browser.ml.enable",
    "browser.newtabpage.activity-stream.feeds.system.topstories",
    "browser.newtabpage.activity-stream.feeds.topsites",
    "browser.newtabpage.enabled",
    "browser.ping-centre.telemetry",
    "browser.region.network.url.enabled",
    "browser.region.update.enabled",
    "browser.safebrowsing.blockedURIs.enabled",
    "browser.safebrowsing.downloads.enabled",
    "browser.safebrowsing.malware.enabled",
    "browser.safebrowsing.phishing.enabled",
    "browser.search.update",
    "browser.shell.checkDefaultBrowser",
    "browser.topsites.contile.enabled",
    "browser.urlbar.quicksuggest.enabled",
    "browser.urlbar.suggest.searches",
    "datareporting.healthreport.uploadEnabled",
    "datareporting.policy.dataSubmissionEnabled",
    "dom.push.connection.enabled",
    "extensions.blocklist.enabled",
    "extensions.getAddons.cache.enabled",
    "extensions.systemAddon.update.enabled",
    "extensions.update.enabled",
    "geo.enabled",
    "media.gmp-manager.updateEnabled",
    "media.gmp-provider.enabled",
    "messaging-system.rsexperimentloader.enabled",
    "network.captive-portal-service.enabled",
    "network.connectivity-service.enabled",
    "network.dns.prefetchFromHTTPS",
    "network.http.speculative-parallel-limit.enabled",
    "network.prefetch-next",
    "nimbus.telemetry.targetingContextEnabled",
    "security.certerrors.mitm.priming.enabled",
    "signon.rememberSignons",
    "toolkit.telemetry.enabled",
    "toolkit.telemetry.unified",
    "trailhead.firstrun.didSeeAboutWelcome",
];
