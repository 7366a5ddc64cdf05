//! A headless Chromium, spoken to over its debugging pipe: JSON objects that end in a zero
//! byte, on the descriptors 3 and 4. A shell ties those to the child's standard streams, so no
//! web socket and no other crate is needed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    calls: u64,
    /// Pages that were loaded.
    loads: u64,
    /// What the page logged, threw or was refused.
    pub complaints: Vec<String>,
    /// What was asked for besides the page itself.
    pub requests: Vec<String>,
    _profile: TempDir,
}

/// The browser of this machine.
///
/// # Panics
/// If there is none in continuous integration (`CI` is set), or where `CUTOVER_BROWSER=required`
/// says that there must be one.
fn found() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|file| file.is_file());
    let required = std::env::var("CUTOVER_BROWSER").is_ok_and(|value| value == "required")
        || std::env::var_os("CI").is_some();
    assert!(found.is_some() || !required, "no browser among {NAMES:?}; scripts/test installs one");
    found
}

impl Browser {
    /// A fresh browser; `None`, said on the terminal, where the machine has none.
    pub fn start() -> Option<Self> {
        let Some(program) = found() else {
            // Past the test's own output, which nobody sees of a test that passes.
            let note = format!("NOT CHECKED: no browser among {NAMES:?}; scripts/test gets one\n");
            std::io::stderr().write_all(note.as_bytes()).expect("a place to write to");
            return None;
        };
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1"])
            .arg(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--remote-debugging-pipe",
                "--window-size=1280,1000",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let to = child.stdin.take().expect("a pipe");
        let from = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut browser = Self {
            child,
            to,
            from,
            session: None,
            calls: 0,
            loads: 0,
            complaints: Vec::new(),
            requests: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Calls a method of the protocol and gives its result.
    ///
    /// # Panics
    /// If the browser refuses or is gone.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        self.to.flush().expect("the browser listens");
        loop {
            let answer = self.message();
            if answer["id"] == json!(id) {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// The next message; events are noted.
    fn message(&mut self) -> Value {
        let mut bytes = Vec::new();
        let length = self.from.read_until(0, &mut bytes).expect("the browser answers");
        assert!(length > 0, "the browser is gone");
        bytes.pop();
        let message: Value = serde_json::from_slice(&bytes).expect("JSON");
        let parameters = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Runtime.consoleAPICalled"
            | "Runtime.exceptionThrown"
            | "Log.entryAdded"
            | "Page.javascriptDialogOpening" => self.complaints.push(parameters.to_string()),
            "Page.loadEventFired" => self.loads += 1,
            "Network.requestWillBeSent" => {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                self.requests.push(url.to_owned());
            }
            _ => {}
        }
        message
    }

    /// Opens a file and waits until it is loaded.
    pub fn load(&mut self, file: &Path) {
        let url = format!("file://{}", file.display());
        let before = self.loads;
        self.call("Page.navigate", json!({ "url": url }));
        while self.loads == before {
            self.message();
        }
        self.requests.retain(|request| *request != url);
    }

    /// Opens a file and waits until it is loaded and drawn.
    pub fn open(&mut self, file: &Path) {
        self.load(file);
        self.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))",
        );
    }

    /// The value of an expression, promises awaited.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true
        });
        let result = self.call("Runtime.evaluate", parameters);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Presses a key and lets the page draw.
    pub fn press(&mut self, key: &str) {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, ""),
            " " => ("Space", 32, " "),
            "ArrowRight" => ("ArrowRight", 39, ""),
            "ArrowLeft" => ("ArrowLeft", 37, ""),
            "+" => ("Equal", 187, "+"),
            "0" => ("Digit0", 48, "0"),
            other => panic!("{other} is not on this keyboard"),
        };
        let stroke = json!({
            "key": key, "code": code, "windowsVirtualKeyCode": number, "text": text
        });
        let mut down = stroke.clone();
        down["type"] = json!(if text.is_empty() { "rawKeyDown" } else { "keyDown" });
        let mut up = stroke;
        up["type"] = json!("keyUp");
        self.call("Input.dispatchKeyEvent", down);
        self.call("Input.dispatchKeyEvent", up);
        self.evaluate(
            "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(1))))",
        );
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Only what was started here; the shell has become the browser.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
