//! A server over HTTP.

use super::wire::{Reply, Wire, WireError};
use crate::serve::{Client, ClientError, Clock};
use crate::system;
use crate::timestamp::{DAY, Timestamp};
use serde_json::{Value, json};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

/// So many connections carry requests whose order does not matter.
const CONNECTIONS: usize = 16;
/// So long a restart may take.
const RESTART: Duration = Duration::from_mins(1);
/// How often it is looked whether it is over.
const LOOK: Duration = Duration::from_millis(20);

/// A server over HTTP.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    has_test_clock: bool,
    restart: Option<String>,
}

impl Http {
    /// The server that the client asks; where it has a clock for tests, that is set a day ahead of this machine's, so that a server that
    /// is started again does not find itself there already. `restart` is a command that a shell runs: once it ends, the server was
    /// stopped and serves again.
    ///
    /// # Errors
    /// Where it gives no answer of the profile; where an operator's token is given, and the server knows no `/admin/clock` for it.
    pub fn new(client: Client, is_admin: bool, restart: Option<String>) -> Result<Self, WireError> {
        // Nobody's prekeys, and nobody's token: any refusal will do.
        let address = json!({ "userId": "00000000-0000-4000-8000-000000000000", "deviceId": 1 });
        let body = json!({ "type": "countOneTimePreKeys", "address": address });
        let hello = client.ask(&json!({ "id": "hello", "body": body }));
        let _ = hello.map_err(wire_error)?;
        let mut has_test_clock = false;
        if is_admin {
            let now = client.clock().map_err(wire_error)?;
            let ahead = Timestamp(now.0.max(Clock::system().now().after(DAY).0));
            has_test_clock = client.advance(ahead).is_ok();
        }
        Ok(Http {
            client,
            has_test_clock,
            restart,
        })
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn wire_error(error: ClientError) -> WireError {
    match error {
        ClientError::Unsendable(_) => WireError::Unsendable(error.to_string()),
        ClientError::NoAdminToken => WireError::Lacking(error.to_string()),
        ClientError::Silent(_, ref why) if why.contains("timeout") => {
            WireError::TimedOut(error.to_string())
        }
        ClientError::Base(_) | ClientError::Silent(..) | ClientError::NoAnswer(..) => {
            WireError::Broken(error.to_string())
        }
    }
}

impl Wire for Http {
    fn ask(&mut self, request: &Value) -> Result<Reply, WireError> {
        Ok(match self.client.ask(request).map_err(wire_error)? {
            Ok(answer) => Reply::Answer(json!(answer)),
            Err(code) => Reply::Refused {
                code: code.to_string(),
                message: String::new(),
            },
        })
    }

    fn ask_all(&mut self, requests: &[Value]) -> Vec<Result<Reply, WireError>> {
        let share = requests.len().div_ceil(CONNECTIONS).max(1);
        thread::scope(|scope| {
            let askers = requests.chunks(share).map(|requests| {
                let mut wire = self.clone();
                let ask = move || -> Vec<_> { requests.iter().map(|it| wire.ask(it)).collect() };
                (requests.len(), scope.spawn(ask))
            });
            let askers: Vec<_> = askers.collect();
            let replies = askers.into_iter().flat_map(|(many, asker)| {
                let broken = || Err(WireError::Broken("an asker failed".to_owned()));
                asker.join().unwrap_or_else(|_| vec![broken(); many])
            });
            replies.collect()
        })
    }

    fn clock(&mut self) -> Result<Timestamp, WireError> {
        if self.has_test_clock {
            self.client.clock().map_err(wire_error)
        } else {
            Ok(Clock::system().now())
        }
    }

    fn has_test_clock(&self) -> bool {
        self.has_test_clock
    }

    fn advance(&mut self, to: Timestamp) -> Result<(), WireError> {
        self.client.advance(to).map(drop).map_err(wire_error)
    }

    fn restart(&mut self) -> Result<(), WireError> {
        let Some(command) = &self.restart else {
            let reason = "nobody says how the server is restarted (--restart-command)";
            return Err(WireError::Lacking(reason.to_owned()));
        };
        let broken = |why: String| WireError::Broken(format!("`{command}`: {why}"));
        let mut shell = system::shell(command);
        // What it starts must not hold on to anything of ours: whoever waits for our output to end would wait for the server to end.
        shell.stdin(Stdio::null());
        shell.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = shell.spawn().map_err(|error| broken(error.to_string()))?;
        let began = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(broken(status.to_string())),
                Ok(None) if began.elapsed() < RESTART => thread::sleep(LOOK),
                Ok(None) => {
                    child.kill().ok();
                    child.wait().ok();
                    let seconds = RESTART.as_secs();
                    return Err(WireError::TimedOut(format!(
                        "`{command}` takes longer than {seconds} seconds"
                    )));
                }
                Err(error) => return Err(broken(error.to_string())),
            }
        }
    }

    fn another(&self) -> Result<Box<dyn Wire>, WireError> {
        Ok(Box::new(self.clone()))
    }
}
