//! The copy of the tree with all mutations in it.

use crate::check::at_fault;
use crate::listed::Mutation;
use crate::splice::{modules_left_out, splice};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// What is compiled in the copy, as tests are but for the engine's optimisation: without it a run takes five times as long.
const BUILT: [&str; 5] = [
    "build",
    "--locked",
    "--bin=mutant",
    "--config=profile.dev.package.tigress-signal.opt-level=1",
    "--message-format=json",
];
/// What the compiler would otherwise say of code that is wrong on purpose.
const ALLOWED: &str =
    "#![allow(warnings, arithmetic_overflow, overflowing_literals, unconditional_panic)]";

/// What became of mutations before any was tried, by number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sorted {
    /// Of what they were made.
    pub(crate) of: u64,
    /// Those in what this build does not compile.
    pub(crate) left_out: BTreeSet<u32>,
    /// Those without a switch, and why.
    pub(crate) not_built: BTreeMap<u32, String>,
    /// Those that the compiler refuses, and why.
    pub(crate) refused: BTreeMap<u32, String>,
}

/// The copy, and where it comes from.
pub(crate) struct Tree<'a> {
    /// The root of the tree.
    pub(crate) root: &'a Path,
    /// The folder of the copy, of what is built of it, and of what is known of it.
    pub(crate) state: PathBuf,
}

impl Tree<'_> {
    /// What is built of the copy: a program that asks cases under mutations.
    pub(crate) fn program(&self) -> PathBuf {
        self.state.join("build/debug/mutant")
    }

    fn copy(&self) -> PathBuf {
        self.state.join("tree")
    }

    /// The files of the tree, those that are new among them.
    fn files(&self) -> io::Result<Vec<String>> {
        let output = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(self.root)
            .output()?;
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        let names = names.split('\0').filter(|name| !name.is_empty());
        let here = names.filter(|name| self.root.join(name).is_file());
        Ok(here.map(ToOwned::to_owned).collect())
    }

    /// Copies the tree, with a switch for each of these mutations that compiles, and builds it. Gives what became of the others, and a number
    /// that changes where anything changes that a mutation's end hangs on.
    ///
    /// # Errors
    /// Where files cannot be read or written, or it does not compile whatever is taken out.
    pub(crate) fn make(&self, mutations: &[Mutation]) -> Result<(Sorted, u64), String> {
        let files = self.files().map_err(|error| error.to_string())?;
        let read = |name: &str| fs::read(self.root.join(name));
        let (mut sources, mut cases) = (DefaultHasher::new(), DefaultHasher::new());
        for mutation in mutations {
            mutation.name.hash(&mut sources);
        }
        include_str!("../tree/mutant.rs").hash(&mut cases);
        for name in &files {
            let text = read(name).map_err(|error| format!("{name}: {error}"))?;
            if name.starts_with("src/") || name.starts_with("Cargo.") {
                (name, &text).hash(&mut sources);
            }
            let is_of_cases = |it: &&str| name.starts_with(*it);
            if ["src/", "vectors/", "scenarios/", "docs/profile.md"]
                .iter()
                .any(is_of_cases)
            {
                (name, &text).hash(&mut cases);
            }
            self.write(name, &text, mutations)?;
        }
        let of = sources.finish();
        self.write_own()?;
        let known = fs::read(self.state.join("sorted.json")).ok();
        let known = known.and_then(|json| serde_json::from_slice::<Sorted>(&json).ok());
        let mut sorted = match known.filter(|known| known.of == of) {
            Some(known) => known,
            None => Sorted {
                of,
                left_out: self.left_out(mutations),
                ..Sorted::default()
            },
        };
        for round in 1.. {
            let texts = self.splice(mutations, &mut sorted)?;
            let found = self.build()?;
            println!("round {round}: {} do not compile", found.len());
            let is_over = found.is_empty();
            sorted.refused.extend(found);
            let json = serde_json::to_vec(&sorted).unwrap_or_default();
            fs::write(self.state.join("sorted.json"), json).map_err(|error| error.to_string())?;
            if is_over {
                texts.hash(&mut cases);
                break;
            }
        }
        Ok((sorted, cases.finish()))
    }

    /// Compiles the copy. Gives the mutations that the compiler refuses, each with why.
    fn build(&self) -> Result<BTreeMap<u32, String>, String> {
        let output = Command::new("cargo")
            .args(BUILT)
            .current_dir(self.copy())
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", self.state.join("build"))
            .output();
        let output = output.map_err(|error| format!("cargo: {error}"))?;
        if output.status.success() {
            return Ok(BTreeMap::new());
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let text = |file: &str| fs::read_to_string(self.copy().join(file)).ok();
        let found = at_fault(&said, text)?;
        if found.is_empty() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(found)
    }

    /// A file that has no mutations.
    fn write(&self, name: &str, text: &[u8], mutations: &[Mutation]) -> Result<(), String> {
        if name == "src/lib.rs" || mutations.iter().any(|mutation| mutation.file == name) {
            return Ok(());
        }
        self.write_where_it_differs(name, text)
    }

    /// What is in the copy alone.
    fn write_own(&self) -> Result<(), String> {
        let lib = fs::read_to_string(self.root.join("src/lib.rs"));
        let lib = lib.map_err(|error| format!("src/lib.rs: {error}"))?;
        let lib = format!("{ALLOWED}\n{lib}#[doc(hidden)]\npub mod mutation;\n");
        self.write_where_it_differs("src/lib.rs", lib.as_bytes())?;
        self.write_where_it_differs("src/mutation.rs", include_bytes!("../tree/mutation.rs"))?;
        self.write_where_it_differs("src/bin/mutant.rs", include_bytes!("../tree/mutant.rs"))
    }

    /// What stays the same keeps its time, so that it is not compiled again.
    fn write_where_it_differs(&self, name: &str, text: &[u8]) -> Result<(), String> {
        let path = self.copy().join(name);
        if fs::read(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        let written = match path.parent() {
            Some(folder) => fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)),
            None => fs::write(&path, text),
        };
        written.map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Those in files that are no part of this build.
    fn left_out(&self, mutations: &[Mutation]) -> BTreeSet<u32> {
        let files: BTreeSet<&str> = mutations
            .iter()
            .map(|mutation| mutation.file.as_str())
            .collect();
        let modules = files.iter().filter_map(|file| Path::new(file).parent());
        let modules: BTreeSet<PathBuf> = modules.map(|folder| folder.join("mod.rs")).collect();
        let out = modules.iter().flat_map(|module| {
            let text = fs::read_to_string(self.root.join(module)).unwrap_or_default();
            let names = modules_left_out(&text).into_iter();
            names.map(|name| module.with_file_name(format!("{name}.rs")))
        });
        let out: BTreeSet<PathBuf> = out.collect();
        let numbered = (1..).zip(mutations);
        let ids = numbered.filter(|(_, mutation)| out.contains(Path::new(&mutation.file)));
        ids.map(|(id, _)| id).collect()
    }

    /// Writes the files that have mutations. Gives their texts.
    fn splice(&self, mutations: &[Mutation], sorted: &mut Sorted) -> Result<Vec<String>, String> {
        let mut texts = Vec::new();
        let mut files: BTreeMap<&str, Vec<(u32, &Mutation)>> = BTreeMap::new();
        for (id, mutation) in (1..).zip(mutations) {
            let own = files.entry(&mutation.file).or_default();
            if !sorted.refused.contains_key(&id) && !sorted.left_out.contains(&id) {
                own.push((id, mutation));
            }
        }
        for (file, own) in files {
            let text = fs::read_to_string(self.root.join(file));
            let text = text.map_err(|error| format!("{file}: {error}"))?;
            let spliced = splice(&text, &own).map_err(|error| format!("{file}: {error}"))?;
            sorted.left_out.extend(spliced.left_out);
            let not_built = spliced.not_built.into_iter();
            sorted
                .not_built
                .extend(not_built.map(|(id, why)| (id, why.to_owned())));
            self.write_where_it_differs(file, spliced.text.as_bytes())?;
            texts.push(spliced.text);
        }
        Ok(texts)
    }
}
