//! Annotations that are judged by their value, and the judgement of all.

use super::PREFIX;
use super::annotation_table::{self, Annotation, Class, Risk};
use super::values::boolean;
use crate::diagnostic::nearest;

/// Settings that the controller must have for annotations that it refuses by default.
pub const TOO_RISKY: &str =
    "`allow-snippet-annotations: \"true\"` and `annotations-risk-level: Critical`";

/// Why an annotation must not be on a protected host, or `None` if it may.
pub fn opens(annotation: &str, value: &str) -> Option<String> {
    let name = annotation.strip_prefix(PREFIX)?;
    let Some(known) = annotation_table::find(name) else {
        return Some(unknown(name));
    };
    let judgement = match known.class {
        Class::Harmless => None,
        Class::Ours => Some("mtlsgen did not set it".to_owned()),
        Class::Refused(reason) => Some(reason.to_owned()),
        Class::Judged(judge) => judge(value),
    };
    judgement.or_else(|| invalid(known, value))
}

fn unknown(name: &str) -> String {
    let near = nearest(name, annotation_table::names());
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{PREFIX}{near}`?"));
    format!("mtlsgen does not know what it does{near}")
}

fn invalid(known: &Annotation, value: &str) -> Option<String> {
    (!known.values.has(value)).then(|| {
        format!(
            "the controller does not accept the value `{}`, and takes it unread where annotation validation is off",
            value.escape_debug()
        )
    })
}

/// Whether the controller does not accept the value of an annotation that it has.
pub fn is_invalid(annotation: &str, value: &str) -> bool {
    let known = annotation.strip_prefix(PREFIX).and_then(annotation_table::find);
    known.is_some_and(|known| !known.values.has(value))
}

/// Whether the controller's defaults refuse an Ingress for this annotation, with any value: snippets by
/// their suffix, with any prefix (`CheckIngress` in `internal/ingress/controller/controller.go`), others by their risk.
pub fn is_too_risky(annotation: &str) -> bool {
    let known = annotation.strip_prefix(PREFIX).and_then(annotation_table::find);
    annotation.ends_with("-snippet") || known.is_some_and(|known| known.risk > Risk::High)
}

/// Whether nothing but a value that the controller does not accept has it refused.
pub fn is_harmless(annotation: &str) -> bool {
    let known = annotation.strip_prefix(PREFIX).and_then(annotation_table::find);
    known.is_some_and(|known| matches!(known.class, Class::Harmless))
}

/// Why a spec cannot allow an annotation by name, and what to do instead; `None` if it can.
pub fn not_allowable(annotation: &str) -> Option<(&'static str, &'static str)> {
    let Some(name) = annotation.strip_prefix(PREFIX) else {
        let is_snippet = annotation.contains('/') && is_too_risky(annotation);
        return (!is_snippet).then_some((
            "is not an annotation of ingress-nginx: nothing refuses it",
            "write whole names, such as `nginx.ingress.kubernetes.io/server-snippet`",
        ));
    };
    let class = annotation_table::find(name).map(|known| known.class);
    match class {
        Some(Class::Ours) => Some(("is mtlsgen's to set", "remove it, and write `clientAuth`")),
        None if name.starts_with("auth-tls-") => {
            Some(("is mtlsgen's to set", "remove it, and write `clientAuth`"))
        }
        Some(Class::Harmless | Class::Refused(_) | Class::Judged(_)) | None => None,
    }
}

fn reason(is_bad: bool, reason: &str) -> Option<String> {
    is_bad.then(|| reason.to_owned())
}

/// As fail-safe as the reader of an annotation that may or may not trim its value.
fn is(value: &str, wanted: bool) -> bool {
    boolean(value.trim()) == Some(wanted)
}

/// `proxy_set_header` does nothing for `fastcgi_pass`, and `buildProxyPass` reads the protocol in any case of
/// letters while `proxySetHeader` wants capitals: with `grpc`, the headers are set for a protocol that is not used.
pub fn backend_protocol(value: &str) -> Option<String> {
    match value.trim() {
        "GRPC" | "GRPCS" => None,
        value if value.eq_ignore_ascii_case("grpc") || value.eq_ignore_ascii_case("grpcs") => {
            Some(format!(
                "the backend would hear the client's own `ssl-client-*` headers: the controller sets them for `{}` in capitals alone",
                value.to_ascii_uppercase()
            ))
        }
        value => reason(
            value.eq_ignore_ascii_case("fcgi"),
            "the backend hears the client's own `ssl-client-*` headers: FastCGI passes on all headers that the client sends",
        ),
    }
}

/// Only the Ingress beside it has settings (`createServers`).
pub fn canary(value: &str) -> Option<String> {
    reason(
        is(value, true),
        "a canary Ingress takes its host's settings from another Ingress, which mtlsgen does not see",
    )
}

/// Answers of nginx to clients that it refuses, and 413, which comes before the redirect to HTTPS.
pub fn custom_http_errors(value: &str) -> Option<String> {
    let is_refusal =
        |code: &str| matches!(code.trim().parse(), Ok(400 | 413 | 421 | 494..=499_u32));
    reason(
        value.split(',').any(is_refusal),
        "refused clients would then reach the error backend (400, 413, 421 and 494 to 499 are answers to them)",
    )
}

/// `force-ssl-redirect`, which mtlsgen sets, is above it; both together say two things.
pub fn ssl_redirect(value: &str) -> Option<String> {
    reason(
        is(value, false),
        "without the redirect, plain HTTP on port 80 reaches the service without any certificate",
    )
}

pub fn ssl_passthrough(value: &str) -> Option<String> {
    reason(
        is(value, true),
        "the controller then passes TLS through unread and requests no certificate",
    )
}

/// Below level 2, which the model assumes, OpenSSL accepts more in clients' chains: at level 1 keys of RSA with 1024 bits, at level 0
/// signatures by MD5 and keys of 512 bits too. Level 0 alone allows the protocols before TLS 1.2, for any `ssl-protocols`
/// (`SSL_CTX_set_security_level(3)`).
pub fn ssl_ciphers(value: &str) -> Option<String> {
    let value: String = value.split(' ').collect();
    let value = value.to_ascii_uppercase();
    let has = |level: &str| value.contains(&format!("@SECLEVEL={level}"));
    reason(has("0"), "`@SECLEVEL=0` accepts client certificates whose signatures can be forged")
        .or_else(|| {
            reason(has("1"), "`@SECLEVEL=1` accepts client certificates with RSA keys of 1024 bits")
        })
}

/// The auth service hears a verified client; a variable in its address lets the client choose which service that
/// is. `$host` is one of the server's own names.
pub fn auth_url(value: &str) -> Option<String> {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let others = authority.split(['.', ':', '@', '-']).filter(|part| *part != "$host");
    reason(
        others.into_iter().any(|part| part.contains('$'))
            || !value.contains("://") && value.contains('$'),
        "a variable in the address lets clients choose which service hears them with `ssl-client-verify: SUCCESS` (`$host` may be there)",
    )
}

/// `buildAuthResponseHeaders` passes them to the backend, in front of the headers about the certificate.
/// Backends read `_` as `-` (RFC 3875, 4.1.18).
pub fn auth_response_headers(value: &str) -> Option<String> {
    let is_ours = |header: &str| {
        let header = header.trim().to_ascii_lowercase().replace('_', "-");
        header.starts_with("ssl-client")
            || matches!(
                header.as_str(),
                "connection" | "content-length" | "host" | "transfer-encoding"
            )
    };
    let header = value.split(',').find(|header| is_ours(header))?;
    Some(format!(
        "the authentication service would then write the header `{}` that the backend hears",
        header.trim()
    ))
}

/// It takes variables.
pub fn upstream_vhost(value: &str) -> Option<String> {
    reason(
        value.contains('$'),
        "a variable in it lets clients choose the host name that the backend hears",
    )
}
