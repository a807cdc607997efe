// A service written with `openid-client`, a certified OpenID Connect library, against the sandbox as it runs.
//
// It plays the server of a service and nothing else: whoever started it plays the browser and the phone. They talk in lines of
// JSON: this program prints what has to happen ({"open": …}, {"phone": …}) or what it found, and reads what came of it.
//
// Usage: node openid-client.mjs <issuer> <redirect URI>
// With TLS, NODE_EXTRA_CA_CERTS names the certificate authority of the sandbox.

import { createInterface } from "node:readline";
import * as client from "openid-client";

const [issuer, redirectUri] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const heard = async () => JSON.parse((await lines.next()).value);

// The document under the provider's own name: its login page is the one that services are told to use.
const document = new URL(`${issuer}/.well-known/wallet-openid-configuration`);
// Plain HTTP is for the loopback interface only; the library has to be told.
const execute = document.protocol === "http:" ? [client.allowInsecureRequests] : [];
const metadata = { client_secret: "demo-secret" };
const config = await client.discovery(document, "demo-client", metadata, client.ClientSecretBasic("demo-secret"), { execute });
const asked = { scope: "openid scope_all", acr_values: "eidas1" };

// 1. Code and PKCE.
const verifier = client.randomPKCECodeVerifier();
const expected = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
const authorization = client.buildAuthorizationUrl(config, {
  ...asked,
  redirect_uri: redirectUri,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state: expected.expectedState,
  nonce: expected.expectedNonce,
});
say({ open: authorization.href });
const { cameBack } = await heard();
const tokens = await client.authorizationCodeGrant(config, new URL(cameBack), expected);
const claims = tokens.claims();
const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
say({ claims, info, expiresIn: tokens.expiresIn() });

// 2. Refresh and introspection.
const newer = await client.refreshTokenGrant(config, tokens.refresh_token);
const introspected = await client.tokenIntrospection(config, newer.access_token);
say({ refreshed: newer.claims().sub === claims.sub, active: introspected.active });

// 3. Logout; afterwards the refresh token is dead.
const hint = { id_token_hint: newer.id_token, post_logout_redirect_uri: redirectUri, state: "bye" };
say({ open: client.buildEndSessionUrl(config, hint).href });
await heard();
try {
  await client.refreshTokenGrant(config, newer.refresh_token);
  say({ afterLogout: "a refresh token outlived its session" });
} catch (error) {
  say({ afterLogout: error.error });
}

// 4. A pushed request.
const pushed = await client.buildAuthorizationUrlWithPAR(config, { ...asked, redirect_uri: redirectUri, state: "pushed" });
say({ pushed: [...pushed.searchParams.keys()].sort() });

// 5. CIBA in poll mode: the number is drawn and shown by the service.
const number = "07";
const { loginHint } = await heard();
const request = { ...asked, login_hint: loginHint, binding_message: number, channel: "MOBILE" };
const started = await client.initiateBackchannelAuthentication(config, request);
say({ phone: number, expiresIn: started.expires_in, interval: started.interval });
const polled = await client.pollBackchannelAuthenticationGrant(config, started);
say({ claims: polled.claims() });
process.exit(0);
