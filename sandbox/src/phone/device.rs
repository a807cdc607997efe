//! Which phone a browser plays: a cookie that no script reads, and the number that the core gives a device.
//!
//! A second phone is a second browser profile, or the button that puts another phone into this one.

use axum_extra::extract::CookieJar;
use verifier_core::activation::Device;

use crate::app::Failure;
use crate::encoding::sha256;
use crate::names::Sites;
use crate::random::make_opaque;
use crate::web;

const COOKIE: &str = "vigie_phone";

/// The phone that this browser plays, if it has played one.
#[must_use]
pub(super) fn known(jar: &CookieJar) -> Option<Device> {
    jar.get(COOKIE).map(|cookie| number(cookie.value()))
}

/// The phone that this browser plays; a new one the first time.
pub(super) fn known_or_new(jar: CookieJar, sites: &Sites) -> Result<(CookieJar, Device), Failure> {
    match known(&jar) {
        Some(device) => Ok((jar, device)),
        None => another(jar, sites),
    }
}

/// From now on this browser plays a phone that never was.
pub(super) fn another(jar: CookieJar, sites: &Sites) -> Result<(CookieJar, Device), Failure> {
    let value = make_opaque()?;
    let device = number(&value);
    Ok((jar.add(web::cookie(COOKIE, value, "/phone", sites)), device))
}

fn number(cookie: &str) -> Device {
    let bytes: Vec<u8> = sha256(cookie.as_bytes()).into_iter().take(8).collect();
    Device::from_be_bytes(bytes.try_into().unwrap_or_default())
}
