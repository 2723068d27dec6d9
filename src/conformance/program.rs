//! This build of the program: its version, and what it is made of.

use super::PROFILE_VERSION;
use std::sync::LazyLock;

/// Its version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it is built from: forty digits, with `-modified` where something compiled was not as that commit has it. None
/// where that is not known: builds that are not optimised do not ask (build.rs says why).
pub const COMMIT: Option<&str> = if env!("TIGRESS_COMMIT").is_empty() {
    None
} else {
    Some(env!("TIGRESS_COMMIT"))
};

/// So many digits of a commit are shown to people.
const SHOWN: usize = 12;

/// Version, profile and commit, for people: `0.1.0 (profile 2, commit 0123456789ab)`.
#[must_use]
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| version_of(COMMIT));
    &VERSION
}

fn version_of(commit: Option<&str>) -> String {
    let commit = commit.map_or_else(String::new, |commit| {
        let (digits, modified) = match commit.strip_suffix("-modified") {
            Some(digits) => (digits, ", modified"),
            None => (commit, ""),
        };
        format!(", commit {}{modified}", &digits[..SHOWN])
    });
    format!("{VERSION} (profile {PROFILE_VERSION}{commit})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_shown_by_its_first_digits() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let shown = format!("{VERSION} (profile {PROFILE_VERSION}, commit 0123456789ab)");
        assert_eq!(version_of(Some(commit)), shown);
        assert!(
            version_of(Some(&format!("{commit}-modified"))).ends_with("0123456789ab, modified)")
        );
        assert_eq!(
            version_of(None),
            format!("{VERSION} (profile {PROFILE_VERSION})")
        );
    }
}
