//! What is tried of what takes long.

/// The environment's `TIGRESS_SEED`, which says which sample is taken: 0 where it says nothing, none for `all`.
pub(crate) fn seed() -> Option<u64> {
    match std::env::var("TIGRESS_SEED").as_deref() {
        Ok("all") => None,
        Ok(seed) => Some(seed.parse().expect("TIGRESS_SEED is a number or `all`")),
        Err(_) => Some(0),
    }
}

/// One of so many parts, as `--shard` has it: which, the seed says. The whole, as one part, where everything is tried.
pub(crate) fn one_of(parts: u64) -> String {
    match seed() {
        Some(seed) => format!("{}/{parts}", seed % parts + 1),
        None => "1/1".to_owned(),
    }
}
