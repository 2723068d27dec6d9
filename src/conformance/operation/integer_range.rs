//! Integers in a schema.

use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::Value;

/// Says the greatest integer of 32 and of 64 bits, which schemas made from types leave out: so that one that is greater is
/// told with its field and its bound.
#[derive(Clone, Debug)]
pub struct IntegerRange;

impl Transform for IntegerRange {
    fn transform(&mut self, schema: &mut Schema) {
        let greatest = match schema.get("format").and_then(Value::as_str) {
            Some("uint32") => Some(u64::from(u32::MAX)),
            Some("uint64") => Some(u64::MAX),
            _ => None,
        };
        if let (Some(greatest), None) = (greatest, schema.get("maximum")) {
            schema.insert("maximum".to_owned(), greatest.into());
        }
        transform_subschemas(self, schema);
    }
}
