//! A real nginx that serves what rendered manifests say, with the directives that the ingress-nginx
//! controller writes for them (`rootfs/etc/nginx/template/nginx.tmpl`).

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{data, tool};

/// A running server; it ends with the value.
pub struct Nginx {
    process: Child,
    pub port: u16,
    folder: PathBuf,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a client was answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: String,
    pub body: String,
}

/// What a client shows and trusts.
#[derive(Clone, Debug, Default)]
pub struct ClientFiles {
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// Trust anchors for the server; without them its certificate is not checked.
    pub trust: Option<PathBuf>,
}

impl Nginx {
    /// Serves every host of `objects` that has TLS. `None` where nginx is missing.
    pub fn serving(objects: &[Value], folder: &Path) -> Option<Self> {
        let program = tool("nginx")?;
        for _ in 0..5 {
            let port = free_port();
            let folder = folder.join(format!("nginx-{port}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("nginx.conf"), configuration(objects, &folder, port)).unwrap();
            let process = Command::new(&program)
                .arg("-p")
                .arg(&folder)
                .args(["-c", "nginx.conf", "-e", "error.log"])
                .stdin(Stdio::null())
                .spawn()
                .unwrap();
            let mut server = Self { process, port, folder };
            if server.is_up() {
                return Some(server);
            }
        }
        panic!("nginx did not start");
    }

    fn is_up(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Ok(Some(_)) = self.process.try_wait() {
                let log = fs::read_to_string(self.folder.join("error.log")).unwrap_or_default();
                // The port may have been taken in the meantime: that is worth another try.
                assert!(log.contains("Address already in use"), "nginx refused to run:\n{log}");
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Asks for `https://HOST/` as curl does.
    pub fn ask(&self, host: &str, client: &ClientFiles) -> Option<Answer> {
        let output = self.exchange(host, client)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap_or((&text, ""));
        if status == "000" {
            panic!("no answer from {host}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Some(Answer { status: status.to_owned(), body: body.to_owned() })
    }

    /// Whether curl trusts the server's certificate.
    pub fn is_trusted(&self, host: &str, client: &ClientFiles) -> Option<bool> {
        Some(self.exchange(host, client)?.status.success())
    }

    fn exchange(&self, host: &str, client: &ClientFiles) -> Option<Output> {
        let curl = tool("curl")?;
        let port = self.port;
        let mut command = Command::new(curl);
        command
            .args(["--silent", "--show-error", "--max-time", "10", "--http1.1", "--noproxy", "*"])
            .args(["--write-out", "\n%{http_code}"])
            .args(["--resolve", &format!("{host}:{port}:127.0.0.1")])
            .arg(format!("https://{host}:{port}/"));
        match &client.trust {
            Some(trust) => command.arg("--cacert").arg(trust),
            None => command.arg("--insecure"),
        };
        if let (Some(certificate), Some(key)) = (&client.certificate, &client.key) {
            command.arg("--cert").arg(certificate).arg("--key").arg(key);
        }
        Some(command.output().unwrap())
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn configuration(objects: &[Value], folder: &Path, port: u16) -> String {
    let mut servers = String::new();
    for ingress in objects.iter().filter(|object| object["kind"] == "Ingress") {
        for tls in ingress["spec"]["tls"].as_array().into_iter().flatten() {
            for host in tls["hosts"].as_array().into_iter().flatten() {
                let host = host.as_str().unwrap();
                servers.push_str(&server(objects, ingress, tls, host, folder, port));
            }
        }
    }
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {{}}\nhttp {{\n\
         access_log off;\nserver_names_hash_bucket_size 512;\n\
         client_body_temp_path b;\nproxy_temp_path p;\nfastcgi_temp_path f;\n\
         uwsgi_temp_path u;\nscgi_temp_path s;\n{servers}}}\n"
    )
}

fn server(
    objects: &[Value],
    ingress: &Value,
    tls: &Value,
    host: &str,
    folder: &Path,
    port: u16,
) -> String {
    let namespace = ingress["metadata"]["namespace"].as_str().unwrap_or("default");
    let annotation = |name: &str| {
        ingress["metadata"]["annotations"]
            .get(format!("nginx.ingress.kubernetes.io/{name}"))
            .and_then(Value::as_str)
    };
    let secret = find_secret(objects, namespace, tls["secretName"].as_str().unwrap());
    let certificate = write(folder, host, "crt", &data(secret, "tls.crt"));
    let key = write(folder, host, "key", &data(secret, "tls.key"));
    let mut directives = format!(
        "listen 127.0.0.1:{port} ssl;\nserver_name {host};\n\
         ssl_certificate {certificate};\nssl_certificate_key {key};\n"
    );
    if let Some(reference) = annotation("auth-tls-secret") {
        let (namespace, name) = reference.split_once('/').expect("namespace/name");
        let secret = find_secret(objects, namespace, name);
        let trust = write(folder, host, "ca", &data(secret, "ca.crt"));
        if secret["data"].get("ca.crl").is_some() {
            let lists = write(folder, host, "crl", &data(secret, "ca.crl"));
            writeln!(directives, "ssl_crl {lists};").unwrap();
        }
        let verify = annotation("auth-tls-verify-client").unwrap_or("on");
        let depth = annotation("auth-tls-verify-depth").unwrap_or("1");
        write!(
            directives,
            "ssl_client_certificate {trust};\nssl_verify_client {verify};\nssl_verify_depth {depth};\n"
        )
        .unwrap();
        if let Some(page) = annotation("auth-tls-error-page") {
            write!(directives, "error_page 495 496 = {page};\n").unwrap();
        }
    }
    if let Some(pattern) = annotation("auth-tls-match-cn") {
        // The controller quotes the value as Go does; nginx undoes just that.
        let quoted = pattern.replace('\\', "\\\\").replace('"', "\\\"");
        write!(
            directives,
            "if ( $ssl_client_s_dn !~ \"{quoted}\" ) {{ return 403 \"client certificate unauthorized\"; }}\n"
        )
        .unwrap();
    }
    format!(
        "server {{\n{directives}location / {{\ndefault_type text/plain;\n\
         return 200 \"verify=$ssl_client_verify\\nsubject=$ssl_client_s_dn\\nissuer=$ssl_client_i_dn\\n\";\n}}\n}}\n"
    )
}

fn find_secret<'a>(objects: &'a [Value], namespace: &str, name: &str) -> &'a Value {
    objects
        .iter()
        .find(|object| {
            object["kind"] == "Secret"
                && object["metadata"]["name"] == name
                && object["metadata"]["namespace"].as_str().unwrap_or("default") == namespace
        })
        .unwrap_or_else(|| panic!("no Secret {namespace}/{name}"))
}

fn write(folder: &Path, host: &str, ending: &str, content: &[u8]) -> String {
    let path = folder.join(format!("{}.{ending}", host.replace('*', "_")));
    // Keys are among it.
    let mut file = fs::OpenOptions::new();
    let mut file = file.write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
    file.write_all(content).unwrap();
    path.to_str().unwrap().to_owned()
}
