//! Authorities of clients that no host trusts, and hosts beside them that ask for no certificate: both are allowed, and
//! together mostly a key that was forgotten.

use std::collections::BTreeSet;

use super::context::{Context, Findings, listed};
use super::lineage::Anchor;
use super::{Authority, AuthoritySource, Exposure, Model};
use crate::diagnostic::{Diagnostic, has_errors, literal};
use crate::path;
use crate::pki::certificate::Certificate;
use crate::pki::request::Issuer;
use crate::specification::Spec;

/// Notices of a spec that is right otherwise; none where a host trusts a Secret whose authorities are not in the spec.
pub fn notice(context: Context<'_>, model: &Model, findings: &mut Findings) {
    let auths = || model.exposures.iter().filter_map(|exposure| exposure.client_auth.as_ref());
    if has_errors(&findings.0) || auths().any(|auth| auth.existing) {
        return;
    }
    let undecided: Vec<&Exposure> =
        model.exposures.iter().filter(|one| is_undecided(context.spec, one)).collect();
    if undecided.is_empty() && auths().next().is_none() {
        return;
    }
    // With one of a line, its root is trusted: who else gets in below it is judged elsewhere.
    let trusted = auths().flat_map(|auth| &auth.authorities);
    let roots: BTreeSet<&Anchor> = trusted.filter_map(|name| model.lineage.root(name)).collect();
    let is_trusted = |name: &str| model.lineage.root(name).is_some_and(|root| roots.contains(root));
    let signing = Signing::of(model);
    let untrusted: Vec<&str> = model
        .authorities
        .values()
        .filter(|authority| signing.is_for_clients(authority) && !is_trusted(&authority.name))
        .map(|authority| authority.name.as_str())
        .collect();
    let Some(first) = untrusted.first() else { return };
    for name in &untrusted {
        let signs = signing.clients.contains(name);
        findings.push(authority_notice(context, name, signs, auths().next().is_some()));
    }
    if !undecided.is_empty() {
        findings.push(hosts_notice(context, &undecided, first));
    }
}

/// Whether the spec does not say if the host asks for certificates. One by plain HTTP alone cannot.
fn is_undecided(spec: &Spec, exposure: &Exposure) -> bool {
    let own = spec.hosts.get(&exposure.key).and_then(|host| host.client_auth.as_ref());
    let can_ask = exposure.tls.is_some() || exposure.existing_ingress.is_some();
    can_ask && own.is_none() && spec.defaults.hosts.client_auth.is_none()
}

/// Names of authorities by what they sign.
struct Signing<'a> {
    clients: BTreeSet<&'a str>,
    others: BTreeSet<&'a str>,
    /// Who signed the certificates that others made.
    above: BTreeSet<&'a [u8]>,
}

impl<'a> Signing<'a> {
    fn of(model: &'a Model) -> Self {
        let name = |issuer: &'a Issuer| match issuer {
            Issuer::Authority(name) => Some(name.as_str()),
            Issuer::SelfSigned => None,
        };
        let clients = model.clients.values().map(|client| &client.request.issuer);
        let servers = model.server_certificates.values().map(|request| &request.issuer);
        let mut others: BTreeSet<&str> = servers.filter_map(name).collect();
        let mut chains: Vec<&Certificate> = model.supplied.values().flatten().collect();
        for authority in model.authorities.values() {
            match &authority.source {
                AuthoritySource::Issued(request) => others.extend(name(&request.issuer)),
                AuthoritySource::Supplied(chain) => {
                    chains.extend(chain.iter().filter(|one| !one.is_self_issued()));
                }
            }
        }
        let above = chains.into_iter().map(|one| one.issuer.der()).collect();
        Self { clients: clients.filter_map(name).collect(), others, above }
    }

    /// Whether it signs clients, or nothing that the spec shows.
    fn is_for_clients(&self, authority: &Authority) -> bool {
        let name = authority.name.as_str();
        let signed_others = || match &authority.source {
            AuthoritySource::Issued(_) => false,
            AuthoritySource::Supplied(chain) => {
                chain.first().is_some_and(|own| self.above.contains(own.subject.der()))
            }
        };
        self.clients.contains(name) || !self.others.contains(name) && !signed_others()
    }
}

fn authority_notice(
    context: Context<'_>,
    name: &str,
    signs_clients: bool,
    is_any_protected: bool,
) -> Diagnostic {
    let what = if signs_clients { "its clients get in nowhere" } else { "it signs nothing" };
    let other = if is_any_protected {
        "remove the authority"
    } else {
        "`clientAuth = false` at every host to say that it is meant"
    };
    let title = format!("no host trusts authority `{name}`, and {what}");
    Diagnostic::notice("untrusted-authority", title).at(context.key(&path!["cas", name])).help(
        format!(
            "write `clientAuth.cas = [\"{name}\"]` at the hosts that its clients may call, or {other}"
        ),
    )
}

fn hosts_notice(context: Context<'_>, hosts: &[&Exposure], authority: &str) -> Diagnostic {
    let place = |exposure: &Exposure| context.key(&path!["hosts", exposure.key.as_str()]);
    let keys: Vec<&str> = hosts.iter().map(|exposure| exposure.key.as_str()).collect();
    let title = match keys.as_slice() {
        [only] => format!("host {} has no `clientAuth`, so it lets in everyone", literal(only)),
        many => format!("hosts {} have no `clientAuth`, so they let in everyone", listed(many)),
    };
    Diagnostic::notice("open-host", title)
        .at(place(hosts[0]))
        .related(context.key(&path!["cas", authority]), "no host trusts this authority")
        .help(format!(
            "write `clientAuth.cas = [\"{authority}\"]` to ask for a certificate, or `clientAuth = false` to say that it is meant"
        ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::resolved;

    /// Severity and code of each finding, and the line that it points to.
    fn found(text: &str) -> Vec<(&'static str, String)> {
        let words = |span: Option<crate::diagnostic::Span>| {
            span.map_or_else(String::new, |span| span.source.text[span.range()].to_owned())
        };
        resolved(text).1.into_iter().map(|one| (one.code, words(one.span))).collect()
    }

    fn hosts(authorities: &str, hosts: &[(&str, &str)]) -> String {
        let mut text = format!("[services.web]\nimage = \"httpd\"\nport = 80\n{authorities}\n");
        for (name, settings) in hosts {
            text.extend([
                format!("[hosts.{name}]\nhost = \"{name}.example.com\"\n"),
                format!("service = \"web\"\n{settings}\n"),
            ]);
        }
        text
    }

    const CLIENTS: &str = "[cas.staff]\n[clients.alice]\nissuer = \"staff\"\n";
    const OPEN: &str = "tls.issuer = \"self-signed\"";
    const MEANT: &str = "tls.issuer = \"self-signed\"\nclientAuth = false";

    #[test]
    fn an_authority_that_no_host_trusts_and_an_undecided_host_are_named_at_their_places() {
        let text = hosts(CLIENTS, &[("a", OPEN), ("b", OPEN), ("c", MEANT)]);
        let staff = ("untrusted-authority", "staff".to_owned());
        assert_eq!(found(&text), [staff.clone(), ("open-host", "a".to_owned())]);
        let findings = resolved(&text).1;
        let (authority, open) = (&findings[0], &findings[1]);
        assert!(authority.title.contains("authority `staff`"), "{authority:?}");
        assert!(authority.help[0].contains("`clientAuth.cas = [\"staff\"]`"), "{authority:?}");
        assert!(open.title.starts_with("hosts `a`, `b` have no `clientAuth`"), "{open:?}");
        assert!(open.help[0].contains("`clientAuth = false`"), "{open:?}");
        // Nothing is signed yet, and other hosts are protected by another authority.
        let other = format!("{OPEN}\nclientAuth.cas = [\"other\"]");
        let text = hosts("[cas.staff]\n[cas.other]\n", &[("a", other.as_str())]);
        assert_eq!(found(&text), [staff]);
        assert!(resolved(&text).1[0].help[0].contains("remove the authority"));
    }

    #[test]
    fn what_is_meant_trusted_or_for_servers_is_not_named() {
        let trusting = format!("{OPEN}\nclientAuth.cas = [\"staff\"]");
        let existing = format!("{OPEN}\nclientAuth.secretName = \"other/ca\"");
        let below = "[cas.root]\n[cas.staff]\nissuer = \"root\"\n[clients.a]\nissuer = \"staff\"\n";
        let above = format!(
            "{below}[cas.further]\nissuer = \"staff\"\n[clients.b]\nissuer = \"further\"\n"
        );
        let servers = "tls.issuer = \"root\"";
        for text in [
            hosts(CLIENTS, &[("a", MEANT)]),
            hosts(CLIENTS, &[("a", "tls = false")]),
            hosts(CLIENTS, &[("a", OPEN), ("b", &trusting)]),
            hosts(CLIENTS, &[("a", OPEN), ("b", &existing)]),
            hosts(CLIENTS, &[]),
            hosts(below, &[("a", &trusting), ("b", OPEN)]),
            hosts(&above, &[("a", &trusting), ("b", OPEN)]),
            hosts("[cas.root]\n", &[("a", servers)]),
            hosts("[cas.top]\n[cas.root]\nissuer = \"top\"\n", &[("a", servers), ("b", OPEN)]),
            format!("defaults.hosts.clientAuth = false\n{}", hosts(CLIENTS, &[("a", OPEN)])),
            // An error says it already.
            hosts(CLIENTS, &[("a", &trusting.replace("staff", "stuff"))]),
        ] {
            let named = found(&text);
            let is_notice =
                |(code, _): &&(&str, String)| matches!(*code, "open-host" | "untrusted-authority");
            assert_eq!(named.iter().find(is_notice), None, "{text}");
        }
        assert!(found(&hosts(below, &[("a", OPEN)])).iter().all(|(_, place)| place != "root"));
    }
}
