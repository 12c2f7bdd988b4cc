//! Over TLS: a provider is called only if somebody vouches for it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::{outbox, paid, shop};
use crate::mail::read::certificate;

/// A server that isn't ours: Python's own. Writes its port, and then each body that it gets.
const SERVER: &str = "import http.server, ssl, sys\n\
     class Handler(http.server.BaseHTTPRequestHandler):\n\
     \x20   def do_POST(self):\n\
     \x20       body = self.rfile.read(int(self.headers['Content-Length']))\n\
     \x20       answer = b'{\"code\":0,\"id\":\"a-1\"}'\n\
     \x20       self.send_response(200)\n\
     \x20       self.send_header('Content-Length', str(len(answer)))\n\
     \x20       self.end_headers()\n\
     \x20       self.wfile.write(answer)\n\
     \x20       print(body.decode(), flush=True)\n\
     \x20   def log_message(self, *words): pass\n\
     server = http.server.HTTPServer(('127.0.0.1', 0), Handler)\n\
     context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n\
     context.load_cert_chain(sys.argv[1], sys.argv[2])\n\
     server.socket = context.wrap_socket(server.socket, server_side=True)\n\
     print(server.server_address[1], flush=True)\n\
     server.serve_forever()\n";

/// It ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_called_only_if_somebody_vouches_for_it() {
    let folder = certificate();
    let files = ["mail.crt", "mail.key"].map(|name| folder.path().join(name));
    let child = Command::new("/usr/bin/python3")
        .args(["-c", SERVER])
        .args(&files)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut server = Server(child.expect("Python runs"));
    let mut lines = BufReader::new(server.0.stdout.take().expect("its output")).lines();
    let port = lines.next().expect("a line").expect("a port");
    let channel = format!(
        "provider: own, token: \"${{file:token}}\", url: \"https://localhost:{port}/send\""
    );
    let shop = shop(&channel, "");
    shop.write("token", "t0k3n");
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Анна", "+380501112233")]);
    // Nobody has signed its certificate.
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let (open, _) = outbox(&shop, "sms").await;
    let is_told = |(state, reason): &(String, String)| {
        state == "pending" && reason.starts_with("away: ") && reason.contains("certificate")
    };
    assert!(open.len() == 1 && open.iter().all(is_told), "{open:?}");
    let trusted = files[0].display().to_string();
    let running = shop.start_in(
        &["run", "--listen", "127.0.0.1:0"],
        &[("SSL_CERT_FILE", &trusted)],
    );
    let body = lines.next().expect("a line").expect("a body");
    running.wait_for("running");
    running.end();
    assert!(body.contains("+380501112233"), "{body}");
    assert_eq!(
        outbox(&shop, "sms").await,
        (vec![], vec![("accepted".to_owned(), 1)])
    );
}
