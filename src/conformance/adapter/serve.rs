//! A subject behind the protocol.

use super::protocol::{
    Answer, Error, INVALID_REQUEST, MAX_LINE, MAX_VALUES, METHOD_NOT_FOUND, Outcome, PARSE_ERROR,
    Request, Reset, Version,
};
use crate::conformance::json as outside;
use crate::conformance::subject::{Failure, Subject};
use serde_json::{Value, json};
use std::io::{self, BufRead, Read, Write};

/// Answers requests, a line each, until there are no more.
///
/// # Errors
/// Where a line cannot be read or written, or is longer than an answer may be.
pub fn serve(
    subject: &mut dyn Subject,
    mut input: impl BufRead,
    output: &mut dyn Write,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than allowed tells a line that is too long from one that just fits.
        let read = Read::by_ref(&mut input)
            .take(MAX_LINE as u64 + 1)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if read > MAX_LINE {
            let reason = format!("a request of more than {MAX_LINE} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        serde_json::to_writer(&mut *output, &answer(subject, &line))?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
}

fn answer(subject: &mut dyn Subject, line: &[u8]) -> Answer {
    let failed = |id, code, message: String| Answer {
        jsonrpc: Version::Two,
        id,
        outcome: Outcome::Error(Error {
            code,
            message,
            data: None,
        }),
    };
    let read = str::from_utf8(line).map_err(|error| error.to_string());
    let read =
        read.and_then(|text| outside::read(text, MAX_VALUES).map_err(|error| error.to_string()));
    let value = match read {
        Ok(value) => value,
        Err(error) => return failed(None, PARSE_ERROR, format!("not JSON: {error}")),
    };
    let id = value.get("id").and_then(Value::as_u64);
    let Request { method, params, .. } = match serde_json::from_value(value) {
        Ok(request) => request,
        Err(error) => return failed(id, INVALID_REQUEST, format!("not a request: {error}")),
    };
    let outcome = match method.as_str() {
        "describe" => serde_json::to_value(subject.describe())
            .map_err(|error| Failure::Broken(error.to_string())),
        "reset" => match serde_json::from_value(params) {
            Ok(Reset { suite }) => subject.reset(&suite).map(|()| json!({})),
            Err(error) => Err(Failure::Broken(format!("parameters of reset: {error}"))),
        },
        _ => subject.call(&method, params),
    };
    if outcome == Err(Failure::NotImplemented) {
        return failed(id, METHOD_NOT_FOUND, format!("{method} is not implemented"));
    }
    Answer {
        jsonrpc: Version::Two,
        id,
        outcome: outcome.into(),
    }
}
