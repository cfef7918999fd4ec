//! A real Alertmanager.

use crate::{free_port, place, run};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use toolkit::testing::{Place, until};

/// A real Alertmanager, killed when it is dropped.
struct Alertmanager(Child, u16);

impl Alertmanager {
    fn start(place: &Place) -> Self {
        place.write(
            "am.yml",
            "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n",
        );
        let port = free_port();
        let child = Command::new("prometheus-alertmanager")
            .current_dir(place.folder())
            .args([
                "--config.file=am.yml",
                "--storage.path=am",
                "--cluster.listen-address=",
            ])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus-alertmanager is installed");
        let it = Self(child, port);
        until("Alertmanager is ready", || it.get("/-/ready").is_some());
        it
    }

    /// What it answers with status 200.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.1)).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nhost: a\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.contains(" 200 ").then(|| body.to_owned())
    }

    fn alerts(&self) -> Value {
        serde_json::from_str(&self.get("/api/v2/alerts").unwrap()).unwrap()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_alert_is_seen_in_alertmanager_and_seen_resolved() {
    let aside = Place::new();
    let manager = Alertmanager::start(&aside);
    let port = free_port();
    let alert = format!(
        "alertmanager = 'http://127.0.0.1:{}'\nlabels = {{ team = 'ops' }}",
        manager.1
    );
    let place = place(port, &alert);
    let seen = run(&place, &[]);
    assert_eq!(
        seen.data()["alert"]["told"][0]["error"],
        Value::Null,
        "{seen:?}"
    );
    let alerts = manager.alerts();
    assert_eq!(alerts.as_array().unwrap().len(), 1, "{alerts}");
    let labels = &alerts[0]["labels"];
    assert_eq!(
        (&labels["alertname"], &labels["team"]),
        (&json!("HealthcheckFailed"), &json!("ops"))
    );
    assert_eq!(
        alerts[0]["annotations"]["summary"],
        "FAIL shop: `api` fails"
    );
    // Renewed by each run, it is still one.
    let ends = alerts[0]["endsAt"].clone();
    let _ = run(&place, &[]);
    let alerts = manager.alerts();
    assert_eq!(alerts.as_array().unwrap().len(), 1);
    assert_ne!(alerts[0]["endsAt"], ends);

    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let _ = run(&place, &[]).succeeded();
    until("it is resolved", || manager.alerts() == json!([]));
}
