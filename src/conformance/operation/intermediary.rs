//! An intermediary, by handle: requests and their answers, time, its state at rest (profile section 7).

use super::{AtRest, Done, On, Operation, Reference, broken, handed_out, text};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::intermediary::{self, Answer, Intermediary, MemoryStore, SavedIntermediary};
use crate::timestamp::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

fn held<'a>(
    reference: &'a mut Reference,
    handle: &str,
) -> Result<&'a mut Intermediary<MemoryStore>, Failure> {
    reference
        .intermediaries
        .get_mut(handle)
        .ok_or_else(|| Failure::Broken(format!("no intermediary has the handle `{handle}`")))
}

/// A request, or an object that is to be refused because it is none.
fn request_schema(generator: &mut SchemaGenerator) -> Schema {
    let request = generator.subschema_for::<intermediary::Request>();
    json_schema!({
        "description": "The request as it stands on the wire.",
        "anyOf": [
            request,
            { "type": "object", "description": "No request: to be refused as `malformed`." },
        ],
    })
}

/// The request as an intermediary gets it: bytes.
fn read(request: &Value) -> Result<intermediary::Request, Failure> {
    Ok(intermediary::Request::from_json(
        request.to_string().as_bytes(),
    )?)
}

/// Makes an intermediary that knows nobody.
#[derive(Debug, JsonSchema)]
pub struct Create;

impl Operation for Create {
    const METHOD: &'static str = "intermediary.create";
    type Input = On<Done>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, .. }: Self::Input) -> Result<Done, Failure> {
        let made = Intermediary::new(reference.suite, MemoryStore::default());
        reference.intermediaries.insert(handle, made);
        Ok(Done {})
    }
}

/// Makes a request (MBX-01 to MBX-24). An intermediary draws nothing.
#[derive(Debug, JsonSchema)]
pub struct Request;

/// Parameters of [`Request`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestInput {
    /// The request as it stands on the wire.
    #[schemars(schema_with = "request_schema")]
    pub request: Value,
    /// The time, in seconds since 1970.
    pub now: Timestamp,
}

/// Result of [`Request`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestOutput {
    /// The answer as it stands on the wire.
    pub answer: Answer,
}

impl Operation for Request {
    const METHOD: &'static str = "intermediary.request";
    type Input = On<RequestInput>;
    type Output = RequestOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<RequestOutput, Failure> {
        let held = held(reference, &handle)?;
        let answer = held.handle(&read(&input.request)?, input.now)?;
        Ok(RequestOutput { answer })
    }
}

/// Makes the same request many times: what a vector would take too much room to say (MBX-11, MBX-13, MBX-20).
#[derive(Debug, JsonSchema)]
pub struct Requests;

/// What stands in a request for its number.
pub const NUMBER: &str = "########";

/// So many times at most.
const MOST_TIMES: u32 = 10_000;

/// Parameters of [`Requests`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestsInput {
    /// The request. Wherever `########` stands in it, each of them has its number there, from 1, in eight digits of
    /// lower-case hex.
    #[schemars(schema_with = "request_schema")]
    pub request: Value,
    /// How often, at most 10,000 times.
    #[schemars(range(max = MOST_TIMES))]
    pub times: u32,
    /// The time, in seconds since 1970.
    pub now: Timestamp,
}

impl Operation for Requests {
    const METHOD: &'static str = "intermediary.requests";
    type Input = On<RequestsInput>;
    type Output = RequestOutput;

    /// Answers with what each of them was answered.
    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<RequestOutput, Failure> {
        let held = held(reference, &handle)?;
        if input.times > MOST_TIMES {
            return Err(Failure::Broken(format!(
                "`times` is {}, and at most {MOST_TIMES}",
                input.times
            )));
        }
        let request = input.request.to_string();
        let mut first = None;
        for time in 1..=input.times {
            let request = request.replace(NUMBER, &format!("{time:08x}"));
            let request = intermediary::Request::from_json(request.as_bytes())?;
            let answer = held.handle(&request, input.now)?;
            if *first.get_or_insert_with(|| answer.clone()) != answer {
                return Err(Failure::Broken(format!(
                    "the answer to request {time} differs"
                )));
            }
        }
        first
            .map(|answer| RequestOutput { answer })
            .ok_or_else(|| Failure::Broken("no request at all".to_owned()))
    }
}

/// Lets time come to a point (MBX-10).
#[derive(Debug, JsonSchema)]
pub struct Tick;

/// Parameters of [`Tick`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TickInput {
    /// The time, in seconds since 1970.
    pub now: Timestamp,
}

impl Operation for Tick {
    const METHOD: &'static str = "intermediary.tick";
    type Input = On<TickInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        held(reference, &handle)?.tick(input.now)?;
        Ok(Done {})
    }
}

impl AtRest for Intermediary<MemoryStore> {
    const SAVE: &'static str = "intermediary.save";
    const RESTORE: &'static str = "intermediary.restore";

    fn save(reference: &mut Reference, handle: &str) -> Result<Hex, Failure> {
        Ok(handed_out(held(reference, handle)?.save().to_json()))
    }

    fn restore(reference: &mut Reference, handle: String, state: &[u8]) -> Result<(), Failure> {
        let saved = SavedIntermediary::from_json(text(state)?).map_err(broken)?;
        let restored = Intermediary::try_from(saved).map_err(broken)?;
        reference.intermediaries.insert(handle, restored);
        Ok(())
    }
}

/// Writes an intermediary's state down.
pub type Save = super::Save<Intermediary<MemoryStore>>;

/// Puts an intermediary back from its saved state, in place of whatever has the handle.
pub type Restore = super::Restore<Intermediary<MemoryStore>>;
