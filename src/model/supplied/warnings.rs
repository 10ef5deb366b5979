//! What is odd about files with certificates of others, and does not keep them from being used.

use crate::diagnostic::Diagnostic;
use crate::model::context::{Context, Findings};
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, Chain};
use crate::specification::document::Path;

/// What a server's file lacks.
pub(super) fn warn_about_chain(
    context: Context<'_>,
    path: &Path,
    file: &str,
    chain: &Chain,
    findings: &mut Findings,
) {
    if let (Some(missing), [own]) = (&chain.missing_issuer, chain.certificates.as_slice()) {
        let title = format!(
            "`{file}` holds only `{}`, signed by `{}`",
            own.subject.rfc2253(),
            missing.rfc2253()
        );
        findings.push(
            Diagnostic::warning("incomplete-chain", title)
                .at(context.value(path))
                .help("if that issuer is an intermediate, append its certificate: many clients refuse an incomplete chain"),
        );
    }
}

/// Signatures of a kind that cannot be verified here: who issued what is taken from the names.
pub(super) fn warn_about_unverified(
    context: Context<'_>,
    path: &Path,
    file: &str,
    chain: &Chain,
    findings: &mut Findings,
) {
    if let Some(root) = chain.root().filter(|root| !root.signature_by(root).may_be_valid()) {
        let title = format!(
            "`{}` in `{file}` names itself as its issuer, but its own key did not sign it: nginx trusts a root without checking its signature, other programs may refuse it",
            root.subject.rfc2253()
        );
        findings.push(
            Diagnostic::warning("wrong-self-signature", title)
                .at(context.value(path))
                .help("compare it with what its owner publishes: `openssl x509 -noout -fingerprint -sha256 -in FILE`"),
        );
    }
    for (below, with) in chain::unverified(&chain.certificates) {
        let title = format!(
            "`{}` in `{file}` is signed with {with}, which cannot be checked here: whether `{}` signed it is not known",
            below.subject.rfc2253(),
            below.issuer.rfc2253()
        );
        findings.push(
            Diagnostic::warning("signature-not-verified", title)
                .at(context.value(path))
                .help("check it with `openssl verify -CAfile ROOT -untrusted INTERMEDIATES FILE`"),
        );
    }
}

/// What a file has beside the certificate and its issuers.
pub(super) fn warn_about_strays(
    context: Context<'_>,
    path: &Path,
    file: &str,
    chain: &Chain,
    given: &[Certificate],
    findings: &mut Findings,
) {
    for stray in given.iter().filter(|given| !chain.certificates.contains(given)) {
        let title = format!(
            "`{}` in `{file}` is not an issuer of the certificate, and is left out",
            stray.subject.rfc2253()
        );
        findings.push(
            Diagnostic::warning("stray-certificate", title)
                .at(context.value(path))
                .help("keep the certificate and its issuers in that file, nothing else"),
        );
    }
}
