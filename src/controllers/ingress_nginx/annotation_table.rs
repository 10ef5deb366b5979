//! Every annotation of the ingress-nginx controller, classified once: what it does to a host that asks for
//! client certificates.
//!
//! The names are those that the sources of 1.11.0 and 1.15.1 register (`internal/ingress/annotations`); the
//! effects are read from `rootfs/etc/nginx/template/nginx.tmpl`, `internal/ingress/controller` and
//! `rootfs/etc/nginx/lua`. What is not in the table is refused on protected hosts.
//!
//! Two facts decide most classes. nginx verifies certificates before it looks for a location
//! (`ngx_http_process_request`), so nothing that acts in a location serves a request that verification has
//! refused. And plain HTTP, which has no client certificates, is redirected at the end of a location's rewrite phase
//! (`lua_ingress.lua`): what answers before that point answers every client.

use Class::{Harmless, Judged, Ours, Refused};
use Risk::{Critical, High, Low, Medium};
use Values::{Addresses, AnyCase, Anything, Boolean, Integer, Of, Pattern, Spaced, Words};

use super::annotation_risk;
use super::values::Values;

/// An annotation of the controller.
#[derive(Clone, Copy, Debug)]
pub struct Annotation {
    /// Its name behind the prefix.
    pub name: &'static str,
    /// The controller's source file, below `internal/ingress/annotations`.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers and for the tests"))]
    pub source: &'static str,
    /// How the controller rates it.
    pub risk: Risk,
    /// Which values the controller accepts.
    pub values: Values,
    /// What it does to a protected host.
    pub class: Class,
}

/// The controller's `Risk`; above `annotations-risk-level` of its settings (by default `High`, since 1.12) it
/// refuses the whole Ingress (`CheckAnnotationRisk` in `internal/ingress/annotations/parser/validators.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    Low,
    Medium,
    High,
    Critical,
}

/// What an annotation does to a protected host.
#[derive(Clone, Copy, Debug)]
pub enum Class {
    /// It changes neither which clients are admitted nor what the backend receives about clients.
    Harmless,
    /// It is mtlsgen's to set.
    Ours,
    /// It opens the host or lets others decide what the backend receives, for this reason.
    Refused(&'static str),
    /// That depends on the value: the reason why it is refused, if it is.
    Judged(fn(&str) -> Option<String>),
}

/// The annotation of that name, without the prefix.
pub fn find(name: &str) -> Option<&'static Annotation> {
    let at = TABLE.binary_search_by_key(&name, |annotation| annotation.name).ok()?;
    TABLE.get(at)
}

/// All names.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|annotation| annotation.name)
}

const fn row(
    name: &'static str,
    source: &'static str,
    risk: Risk,
    values: Values,
    class: Class,
) -> Annotation {
    Annotation { name, source, risk, values, class }
}

// Which signs values may have beside letters and digits.
const BASIC: &str = "-._~/:";
const LIST: &str = "-._~/:,";
const URL: &str = "-._~/:,?&=";
const URL_VARIABLE: &str = "-._~/:,?&=$";
const REGEX: &str = "-._~/:^$[](){}*+?|&=\\";
const REGEX_LIST: &str = "-._~/:^$[](){}*+?|&=\\,";
const CAPTURE: &str = "-._~/:$";
const VARIABLE: &str = "-_${}";
const HEADERS: &str = "-_,";

const SIZE: &str = "[0-9]+[bkmgBKMG]?";
const COOKIE_DOMAIN: &str = "off|[-._~/:A-Za-z0-9]+([ \t]+[-._~/:A-Za-z0-9]+)?";
const CODES: &str = " *([45][0-9]{2} *,? *)*";
const NEXT_UPSTREAM: &str =
    "((error|timeout|invalid_header|http_(500|502|503|504|403|404|429)|non_idempotent|off) ?)+";
const ON_OFF: &[&str] = &["on", "off"];
const METHODS: &[&str] =
    &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];
const BALANCERS: &[&str] =
    &["round_robin", "chash", "chashsubset", "sticky_balanced", "sticky_persistent", "ewma"];

/// The template pastes it in as it is.
const SNIPPET: &str = "its value becomes part of nginx's configuration, where it can switch client authentication off, lead around it or write headers of its own";
/// `@custom_..._CODE` sets headers of its own, not those about the certificate; a request that is too large gets
/// there by plain HTTP (nginx answers 413 before the redirect).
const ERROR_BACKEND: &str = "that service hears the client's own `ssl-client-*` headers, and requests by plain HTTP that are too large reach it without a certificate";
/// `buildMirrorLocations` sets `Host` alone.
const MIRROR: &str = "the target hears the client's own `ssl-client-*` headers";
/// `buildAuthProxySetHeaders`: behind the headers about the certificate, with variables.
const AUTH_HEADERS: &str = "a ConfigMap that mtlsgen does not see adds headers to the request that the authentication service judges, `ssl-client-*` among them";

/// Sorted by name.
#[rustfmt::skip]
static TABLE: &[Annotation] = &[
    row("affinity", "sessionaffinity/main.go", Low, Words(&["cookie"]), Harmless),
    row("affinity-canary-behavior", "sessionaffinity/main.go", Low, Words(&["sticky", "legacy"]), Harmless),
    row("affinity-mode", "sessionaffinity/main.go", Medium, Words(&["balanced", "persistent"]), Harmless),
    row("allowlist-source-range", "ipallowlist/main.go", Medium, Addresses, Harmless),
    row("app-root", "rewrite/main.go", Medium, Of(CAPTURE), Harmless),
    row("auth-always-set-cookie", "authreq/main.go", Low, Boolean, Harmless),
    row("auth-cache-duration", "authreq/main.go", Medium, Spaced(LIST), Harmless),
    row("auth-cache-key", "authreq/main.go", Medium, Spaced(VARIABLE), Harmless),
    row("auth-keepalive", "authreq/main.go", Low, Integer, Harmless),
    row("auth-keepalive-requests", "authreq/main.go", Low, Integer, Harmless),
    row("auth-keepalive-share-vars", "authreq/main.go", Low, Boolean, Harmless),
    row("auth-keepalive-timeout", "authreq/main.go", Low, Integer, Harmless),
    row("auth-method", "authreq/main.go", Low, Words(METHODS), Harmless),
    row("auth-proxy-set-headers", "authreq/main.go", Medium, Spaced(BASIC), Refused(AUTH_HEADERS)),
    row("auth-realm", "auth/main.go", Medium, Spaced(BASIC), Harmless),
    row("auth-request-redirect", "authreq/main.go", Medium, Spaced(URL), Harmless),
    row("auth-response-headers", "authreq/main.go", Medium, Spaced(HEADERS), Judged(annotation_risk::auth_response_headers)),
    row("auth-secret", "auth/main.go", Medium, Spaced(BASIC), Harmless),
    row("auth-secret-type", "auth/main.go", Low, Words(&["auth-file", "auth-map"]), Harmless),
    row("auth-signin", "authreq/main.go", High, Spaced(URL_VARIABLE), Harmless),
    row("auth-signin-redirect-param", "authreq/main.go", Medium, Spaced(URL), Harmless),
    row("auth-snippet", "authreq/main.go", Critical, Anything, Refused(SNIPPET)),
    row("auth-tls-error-page", "authtls/main.go", High, Anything, Ours),
    row("auth-tls-match-cn", "authtls/main.go", High, Anything, Ours),
    row("auth-tls-pass-certificate-to-upstream", "authtls/main.go", Low, Anything, Ours),
    row("auth-tls-secret", "authtls/main.go", Medium, Anything, Ours),
    row("auth-tls-verify-client", "authtls/main.go", Medium, Anything, Ours),
    row("auth-tls-verify-depth", "authtls/main.go", Low, Anything, Ours),
    row("auth-type", "auth/main.go", Low, Words(&["basic", "digest"]), Harmless),
    row("auth-url", "authreq/main.go", High, Spaced(URL_VARIABLE), Judged(annotation_risk::auth_url)),
    row("backend-protocol", "backendprotocol/main.go", Low, AnyCase(&["auto_http", "http", "https", "grpc", "grpcs", "fcgi"]), Judged(annotation_risk::backend_protocol)),
    row("canary", "canary/main.go", Low, Boolean, Judged(annotation_risk::canary)),
    row("canary-by-cookie", "canary/main.go", Medium, Spaced(BASIC), Harmless),
    row("canary-by-header", "canary/main.go", Medium, Spaced(BASIC), Harmless),
    row("canary-by-header-pattern", "canary/main.go", Medium, Of(REGEX), Harmless),
    row("canary-by-header-value", "canary/main.go", Medium, Spaced(BASIC), Harmless),
    row("canary-weight", "canary/main.go", Low, Integer, Harmless),
    row("canary-weight-total", "canary/main.go", Low, Integer, Harmless),
    row("client-body-buffer-size", "clientbodybuffersize/main.go", Low, Pattern(SIZE), Harmless),
    row("configuration-snippet", "snippet/main.go", Critical, Anything, Refused(SNIPPET)),
    row("connection-proxy-header", "connection/main.go", Low, Words(&["close", "keep-alive"]), Harmless),
    row("cors-allow-credentials", "cors/main.go", Low, Boolean, Harmless),
    row("cors-allow-headers", "cors/main.go", Medium, Spaced(HEADERS), Harmless),
    row("cors-allow-methods", "cors/main.go", Medium, Spaced(","), Harmless),
    row("cors-allow-origin", "cors/main.go", Medium, Spaced("-.:/*,"), Harmless),
    row("cors-expose-headers", "cors/main.go", Medium, Spaced("-_*,"), Harmless),
    row("cors-max-age", "cors/main.go", Low, Integer, Harmless),
    row("custom-headers", "customheaders/main.go", Medium, Spaced(BASIC), Harmless),
    row("custom-http-errors", "customhttperrors/main.go", Low, Pattern(CODES), Judged(annotation_risk::custom_http_errors)),
    row("default-backend", "defaultbackend/main.go", Low, Pattern("[a-z]([-a-z0-9]{0,61}[a-z0-9])?"), Refused(ERROR_BACKEND)),
    row("denylist-source-range", "ipdenylist/main.go", Medium, Addresses, Harmless),
    row("disable-proxy-intercept-errors", "disableproxyintercepterrors/main.go", Low, Boolean, Harmless),
    row("enable-access-log", "log/main.go", Low, Boolean, Harmless),
    row("enable-cors", "cors/main.go", Low, Boolean, Harmless),
    row("enable-global-auth", "authreqglobal/main.go", Low, Boolean, Harmless),
    row("enable-modsecurity", "modsecurity/main.go", Low, Boolean, Harmless),
    row("enable-opentelemetry", "opentelemetry/main.go", Low, Boolean, Harmless),
    row("enable-owasp-core-rules", "modsecurity/main.go", Low, Boolean, Harmless),
    row("enable-rewrite-log", "log/main.go", Low, Boolean, Harmless),
    row("fastcgi-index", "fastcgi/main.go", Medium, Spaced("-._"), Harmless),
    row("fastcgi-params-configmap", "fastcgi/main.go", Medium, Spaced(BASIC), Harmless),
    row("force-ssl-redirect", "rewrite/main.go", Medium, Boolean, Ours),
    row("from-to-www-redirect", "redirect/redirect.go", Low, Boolean, Harmless),
    row("global-rate-limit", "globalratelimit/main.go", Low, Integer, Harmless),
    row("global-rate-limit-ignored-cidrs", "globalratelimit/main.go", Medium, Addresses, Harmless),
    row("global-rate-limit-key", "globalratelimit/main.go", High, Spaced(VARIABLE), Harmless),
    row("global-rate-limit-window", "globalratelimit/main.go", Low, Pattern("([0-9.]+(ns|us|ms|s|m|h))+"), Harmless),
    row("http2-push-preload", "http2pushpreload/main.go", Low, Boolean, Harmless),
    row("limit-allowlist", "ratelimit/main.go", Low, Addresses, Harmless),
    row("limit-burst-multiplier", "ratelimit/main.go", Low, Integer, Harmless),
    row("limit-connections", "ratelimit/main.go", Low, Integer, Harmless),
    row("limit-rate", "ratelimit/main.go", Low, Integer, Harmless),
    row("limit-rate-after", "ratelimit/main.go", Low, Integer, Harmless),
    row("limit-rpm", "ratelimit/main.go", Low, Integer, Harmless),
    row("limit-rps", "ratelimit/main.go", Low, Integer, Harmless),
    row("limit-whitelist", "ratelimit/main.go", Low, Addresses, Harmless),
    row("load-balance", "loadbalancing/main.go", Low, Words(BALANCERS), Harmless),
    row("mirror-host", "mirror/main.go", High, Of(REGEX), Harmless),
    row("mirror-request-body", "mirror/main.go", Low, Words(ON_OFF), Harmless),
    row("mirror-target", "mirror/main.go", High, Of(REGEX), Refused(MIRROR)),
    row("modsecurity-snippet", "modsecurity/main.go", Critical, Anything, Refused(SNIPPET)),
    row("modsecurity-transaction-id", "modsecurity/main.go", High, Spaced(VARIABLE), Harmless),
    row("opentelemetry-operation-name", "opentelemetry/main.go", Medium, Spaced("-_"), Harmless),
    row("opentelemetry-trust-incoming-span", "opentelemetry/main.go", Low, Boolean, Harmless),
    row("permanent-redirect", "redirect/redirect.go", Medium, Of(URL), Harmless),
    row("permanent-redirect-code", "redirect/redirect.go", Low, Integer, Harmless),
    row("preserve-trailing-slash", "rewrite/main.go", Medium, Boolean, Harmless),
    row("proxy-body-size", "proxy/main.go", Medium, Pattern(SIZE), Harmless),
    row("proxy-buffer-size", "proxy/main.go", Low, Pattern(SIZE), Harmless),
    row("proxy-buffering", "proxy/main.go", Low, Words(ON_OFF), Harmless),
    row("proxy-buffers-number", "proxy/main.go", Low, Integer, Harmless),
    row("proxy-busy-buffers-size", "proxy/main.go", Low, Pattern(SIZE), Harmless),
    row("proxy-connect-timeout", "proxy/main.go", Low, Integer, Harmless),
    row("proxy-cookie-domain", "proxy/main.go", Medium, Pattern(COOKIE_DOMAIN), Harmless),
    row("proxy-cookie-path", "proxy/main.go", Medium, Spaced(URL), Harmless),
    row("proxy-http-version", "proxy/main.go", Low, Words(&["1.0", "1.1"]), Harmless),
    row("proxy-max-temp-file-size", "proxy/main.go", Low, Pattern(SIZE), Harmless),
    row("proxy-next-upstream", "proxy/main.go", Medium, Pattern(NEXT_UPSTREAM), Harmless),
    row("proxy-next-upstream-timeout", "proxy/main.go", Low, Integer, Harmless),
    row("proxy-next-upstream-tries", "proxy/main.go", Low, Integer, Harmless),
    row("proxy-read-timeout", "proxy/main.go", Low, Integer, Harmless),
    row("proxy-redirect-from", "proxy/main.go", Medium, Spaced(URL), Harmless),
    row("proxy-redirect-to", "proxy/main.go", Medium, Spaced(URL), Harmless),
    row("proxy-request-buffering", "proxy/main.go", Low, Words(ON_OFF), Harmless),
    row("proxy-send-timeout", "proxy/main.go", Low, Integer, Harmless),
    row("proxy-ssl-ciphers", "proxyssl/main.go", Medium, Spaced("+:_-!"), Harmless),
    row("proxy-ssl-name", "proxyssl/main.go", High, Of(REGEX), Harmless),
    row("proxy-ssl-protocols", "proxyssl/main.go", Low, Pattern("(TLSv1\\.2|TLSv1\\.3| )*"), Harmless),
    row("proxy-ssl-secret", "proxyssl/main.go", Medium, Spaced(BASIC), Harmless),
    row("proxy-ssl-server-name", "proxyssl/main.go", Low, Words(ON_OFF), Harmless),
    row("proxy-ssl-verify", "proxyssl/main.go", Low, Words(ON_OFF), Harmless),
    row("proxy-ssl-verify-depth", "proxyssl/main.go", Low, Integer, Harmless),
    row("relative-redirects", "redirect/redirect.go", Low, Boolean, Harmless),
    row("rewrite-target", "rewrite/main.go", Medium, Of(CAPTURE), Harmless),
    row("satisfy", "satisfy/main.go", Low, Words(&["any", "all"]), Harmless),
    row("server-alias", "alias/main.go", High, Spaced(REGEX_LIST), Harmless),
    row("server-snippet", "serversnippet/main.go", Critical, Anything, Refused(SNIPPET)),
    row("service-upstream", "serviceupstream/main.go", Low, Boolean, Harmless),
    row("session-cookie-change-on-failure", "sessionaffinity/main.go", Low, Boolean, Harmless),
    row("session-cookie-conditional-samesite-none", "sessionaffinity/main.go", Low, Boolean, Harmless),
    row("session-cookie-domain", "sessionaffinity/main.go", Medium, Spaced(BASIC), Harmless),
    row("session-cookie-expires", "sessionaffinity/main.go", Medium, Integer, Harmless),
    row("session-cookie-max-age", "sessionaffinity/main.go", Medium, Integer, Harmless),
    row("session-cookie-name", "sessionaffinity/main.go", Medium, Spaced(BASIC), Harmless),
    row("session-cookie-path", "sessionaffinity/main.go", Medium, Spaced(URL), Harmless),
    row("session-cookie-samesite", "sessionaffinity/main.go", Low, AnyCase(&["none", "lax", "strict"]), Harmless),
    row("session-cookie-secure", "sessionaffinity/main.go", Low, Boolean, Harmless),
    row("ssl-ciphers", "sslcipher/main.go", Low, Spaced("+:_-!@="), Judged(annotation_risk::ssl_ciphers)),
    row("ssl-passthrough", "sslpassthrough/main.go", Low, Boolean, Judged(annotation_risk::ssl_passthrough)),
    row("ssl-prefer-server-ciphers", "sslcipher/main.go", Low, Boolean, Harmless),
    row("ssl-redirect", "rewrite/main.go", Low, Boolean, Judged(annotation_risk::ssl_redirect)),
    row("stream-snippet", "streamsnippet/main.go", Critical, Anything, Refused(SNIPPET)),
    row("temporal-redirect", "redirect/redirect.go", Medium, Of(URL), Harmless),
    row("temporal-redirect-code", "redirect/redirect.go", Low, Integer, Harmless),
    row("upstream-hash-by", "upstreamhashby/main.go", High, Spaced(VARIABLE), Harmless),
    row("upstream-hash-by-subset", "upstreamhashby/main.go", Low, Boolean, Harmless),
    row("upstream-hash-by-subset-size", "upstreamhashby/main.go", Low, Integer, Harmless),
    row("upstream-vhost", "upstreamvhost/main.go", Low, Of(REGEX), Judged(annotation_risk::upstream_vhost)),
    row("use-port-in-redirects", "portinredirect/main.go", Low, Boolean, Harmless),
    row("use-regex", "rewrite/main.go", Low, Boolean, Harmless),
    row("whitelist-source-range", "ipallowlist/main.go", Medium, Addresses, Harmless),
    row("x-forwarded-prefix", "xforwardedprefix/main.go", Medium, Spaced(CAPTURE), Harmless),
];
