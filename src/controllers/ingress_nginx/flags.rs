//! The controller's flags (`pkg/flags/flags.go`), out of the arguments of the container that runs it.

use super::IngressNginx;
use super::settings::{CLASS, CONTROLLER_CLASS, VERSION};
use super::values::boolean;
use crate::controllers::classes::{self, Own};
use crate::controllers::setup::{Named, Release, Setup};
use crate::controllers::workload::{Container, Word};

/// The namespace whose objects are read alone.
pub(super) const WATCHED: &str = "--watch-namespace";
/// Labels of the namespaces whose Ingresses are read.
pub(super) const SELECTOR: &str = "--watch-namespace-selector";
/// The Service of names and paths that no Ingress has.
pub(super) const BACKEND: &str = "--default-backend-service";
/// Whether values of annotations are checked.
pub(super) const VALIDATES: &str = "--enable-annotation-validation";
/// Whether Ingresses with a default backend are passed over.
pub(super) const NO_CATCH_ALL: &str = "--disable-catch-all";

/// Flags that the model follows, with their defaults.
pub(super) const FOLLOWED: [(&str, &str); 5] =
    [(NO_CATCH_ALL, "false"), (VALIDATES, "true"), (BACKEND, ""), (WATCHED, ""), (SELECTOR, "")];

/// Flags of classes, with their defaults.
pub(super) const OWN: Own = Own {
    controller: CONTROLLER_CLASS,
    class: CLASS,
    flags: [
        ("--controller-class", classes::CONTROLLER_CLASS),
        ("--ingress-class", classes::INGRESS_CLASS),
        ("--watch-ingress-without-class", classes::TAKES_CLASSLESS),
        ("--ingress-class-by-name", classes::BY_NAME),
    ],
    stops_at_name: false,
};

/// Flags without a value of their own: `--flag` is `--flag=true`.
const BOOLEANS: &[&str] = &[
    "deep-inspect",
    "disable-catch-all",
    "disable-full-test",
    "disable-leader-election",
    "disable-svc-external-name",
    "disable-sync-events",
    "enable-annotation-validation",
    "enable-metrics",
    "enable-ssl-chain-completion",
    "enable-ssl-passthrough",
    "enable-topology-aware-routing",
    "ingress-class-by-name",
    "logtostderr",
    "alsologtostderr",
    "metrics-per-host",
    "metrics-per-undefined-host",
    "one_output",
    "profiling",
    "report-node-internal-ip-address",
    "report-status-classes",
    "skip_headers",
    "update-status",
    "update-status-on-shutdown",
    "watch-ingress-without-class",
];

/// Flags that do not change which clients a host admits. Passthrough needs the annotation of an Ingress.
const HARMLESS: &[&str] = &[
    "add_dir_header",
    "alsologtostderr",
    "bucket-factor",
    "certificate-authority",
    "deep-inspect",
    "default-server-port",
    "default-ssl-certificate",
    "disable-full-test",
    "disable-leader-election",
    "disable-svc-external-name",
    "disable-sync-events",
    "dynamic-configuration-retries",
    "election-id",
    "election-ttl",
    "enable-metrics",
    "enable-ssl-chain-completion",
    "enable-ssl-passthrough",
    "enable-topology-aware-routing",
    "exclude-socket-metrics",
    "health-check-path",
    "health-check-timeout",
    "healthz-host",
    "healthz-port",
    "http-port",
    "https-port",
    "internal-logger-address",
    "length-buckets",
    "log_backtrace_at",
    "log_dir",
    "log_file",
    "log_file_max_size",
    "logtostderr",
    "max-buckets",
    "maxmind-edition-ids",
    "maxmind-license-key",
    "maxmind-mirror",
    "maxmind-retries-count",
    "maxmind-retries-timeout",
    "metrics-per-host",
    "metrics-per-undefined-host",
    "monitor-max-batch-size",
    "one_output",
    "post-shutdown-grace-period",
    "profiler-address",
    "profiler-port",
    "profiling",
    "publish-service",
    "publish-status-address",
    "report-node-internal-ip-address",
    "report-status-classes",
    "shutdown-grace-period",
    "size-buckets",
    "skip_headers",
    "ssl-passthrough-proxy-port",
    "status-port",
    "status-update-interval",
    "stderrthreshold",
    "stream-port",
    "sync-period",
    "sync-rate-limit",
    "time-buckets",
    "update-status",
    "update-status-on-shutdown",
    "v",
    "validating-webhook",
    "validating-webhook-certificate",
    "validating-webhook-key",
    "vmodule",
];

/// Names of its images, beside the project's own `ingress-nginx/controller`.
const NAMES: [&str; 2] = ["ingress-nginx-controller", "nginx-ingress-controller"];
/// The name of the program.
const PROGRAM: &str = "nginx-ingress-controller";

/// How the controller is set up that a container runs, if it runs one.
pub(super) fn setup(container: &Container) -> Option<Setup> {
    let (name, folder) = container.image();
    let name = name.strip_suffix("-chroot").unwrap_or(name);
    let is_named = NAMES.contains(&name) || (name, folder) == ("controller", "ingress-nginx");
    let is_run =
        |word: &Word| !word.text.starts_with('-') && word.text.contains(&format!("/{PROGRAM}"));
    let is_run = container.words.iter().any(is_run);
    if !is_named && !is_run {
        return None;
    }
    let release = Release::of(container, &IngressNginx, VERSION);
    let mut setup = Setup::new(container, release, &OWN);
    match container.arguments(PROGRAM) {
        Some(words) => read(&mut setup, words),
        None => setup.forget("command"),
    }
    Some(setup)
}

/// Reads arguments (`parseLongArg` and `parseShortArg` of `github.com/spf13/pflag`); the last one of a name counts.
fn read(setup: &mut Setup, words: &[Word]) {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if text == "--" {
            return;
        }
        let Some(long) = text.strip_prefix("--") else {
            if text == "-v" {
                words.next();
            } else if !word.is_known && !text.starts_with("-v") {
                setup.forget(text.split('=').next().unwrap_or_default());
            }
            continue;
        };
        let (name, value, is_known) = match long.split_once('=') {
            Some((name, value)) => (name, value, word.is_known),
            None if BOOLEANS.contains(&long) => (long, "true", word.is_known),
            None => match words.next() {
                Some(next) => (long, next.text.as_str(), word.is_known && next.is_known),
                None => (long, "", false),
            },
        };
        flag(setup, name, value, is_known);
    }
}

fn flag(setup: &mut Setup, name: &str, value: &str, is_known: bool) {
    let full = format!("--{name}");
    let followed = FOLLOWED.iter().find(|(flag, _)| *flag == full);
    let flag_of = |value: &str| boolean(value).filter(|_| is_known);
    match name {
        "configmap" => {
            setup.config_map = match value.split_once('/') {
                _ if !is_known => Named::NotKnown,
                _ if value.is_empty() => Named::Nothing,
                Some((namespace, name)) => Named::This(namespace.to_owned(), name.to_owned()),
                None => Named::NotKnown,
            };
        }
        "controller-class" if is_known => value.clone_into(&mut setup.controller),
        "ingress-class" if is_known => value.clone_into(&mut setup.class),
        "watch-ingress-without-class" if flag_of(value).is_some() => {
            setup.takes_classless = flag_of(value) == Some(true);
        }
        "ingress-class-by-name" if flag_of(value).is_some() => {
            setup.by_name = flag_of(value) == Some(true);
        }
        "annotations-prefix" if is_known && format!("{value}/") == super::PREFIX => {}
        _ if OWN.flags.iter().any(|(flag, _)| *flag == full) => setup.unread.push(full),
        "annotations-prefix" => setup.forget(&full),
        _ => match followed {
            // Of a value that it does not take, the controller ends.
            Some((_, default)) if boolean(default).is_some() && flag_of(value).is_none() => {
                setup.forget(&full);
            }
            Some(_) if !is_known => setup.forget(&full),
            Some((flag, _)) => drop(setup.options.insert(*flag, value.to_owned())),
            None if HARMLESS.contains(&name) => {}
            None if full.contains("$(") => setup.forget(&full),
            None => setup.beside.push(full),
        },
    }
}
