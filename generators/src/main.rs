//! Makes the vector files and their schemas.

use clap::{Args, Parser, Subcommand};
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use tigress_generators::{GeneratedFile, Numbers, generate, record};
use tigress_signal::conformance::vector::BuiltIn;

/// Make the vector files and their schemas.
///
/// The same program makes the same bytes: a test keeps its number, a new one gets the next. With `--check` nothing
/// is written; exit status 1 where a file differs.
#[derive(Parser)]
struct Generate {
    /// The folder of the vectors.
    #[arg(long, value_name = "DIR", default_value = "vectors")]
    vectors: PathBuf,
    /// Make only the files of this family, such as `kdf`; may be repeated.
    #[arg(long, value_name = "FAMILY")]
    only: Vec<String>,
    /// Compare with what is in the folder, and write nothing.
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Record(Record),
}

/// Record what a real library says, behind an adapter whose randomness is injected, into a file of generators/recorded.
#[derive(Args)]
struct Record {
    /// What the vectors are called before their script's name, such as `protocol_c`.
    #[arg(long)]
    prefix: String,
    /// The file, such as `generators/recorded/libsignal-protocol-c.json`.
    #[arg(long)]
    out: PathBuf,
    /// The adapter's command.
    adapter: String,
}

impl Record {
    fn run(&self) -> Result<ExitCode, Box<dyn Error>> {
        let recording = record::record(&self.adapter, &self.prefix, |why| eprintln!("{why}"))?;
        let all = &recording.conversations;
        let same = all.iter().filter(|it| it.same).count();
        println!(
            "{} {}: {} conversations, {same} with the engine's bytes",
            recording.library,
            recording.version,
            all.len()
        );
        let text = serde_json::to_string_pretty(&recording)?;
        fs::write(&self.out, text + "\n")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let command = Generate::parse();
    if let Some(Command::Record(record)) = &command.command {
        return record.run();
    }
    let there = |path: &str| fs::read_to_string(command.vectors.join(path)).unwrap_or_default();
    let known = |name: &&String| BuiltIn::ALL.iter().any(|file| file.family == **name);
    if let Some(name) = command.only.iter().find(|name| !known(name)) {
        return Err(format!("no family is called `{name}`").into());
    }
    let files: Vec<GeneratedFile> = BuiltIn::ALL
        .iter()
        .filter(|file| {
            command.only.is_empty() || command.only.iter().any(|name| name == file.family)
        })
        .flat_map(|file| generate(file, Numbers::of(&there(&file.path()))))
        .collect();
    let differing: Vec<&GeneratedFile> = files
        .iter()
        .filter(|file| there(&file.path) != file.content)
        .collect();
    let folder = command.vectors.display();
    for GeneratedFile { path, content } in &differing {
        let there = there(path);
        let same = there.lines().zip(content.lines());
        let line = 1 + same.take_while(|(there, made)| there == made).count();
        println!("{folder}/{path}:{line}: differs from what is made");
        if !command.check {
            let path = command.vectors.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&command.vectors))?;
            fs::write(&path, content)?;
        }
    }
    let (number, all) = (differing.len(), files.len());
    if number == 0 {
        println!("{all} files in {folder} are as they are made");
    } else if command.check {
        println!(
            "{number} of {all} files differ; `cargo run -p tigress-generators` writes them anew"
        );
        return Ok(ExitCode::FAILURE);
    } else {
        println!("{number} of {all} files in {folder} are written anew");
    }
    Ok(ExitCode::SUCCESS)
}
