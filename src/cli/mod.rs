//! The command line: arguments to engine to a printed result.
//!
//! Data goes to standard output, everything else to standard error. What a
//! command finds decides the exit code, never what it prints.

mod bundle;
mod completion;
mod diff;
mod embedded;
mod environment;
mod exit;
mod folder;
mod github;
mod images;
mod input;
mod output;
mod recipe;
mod remote;
mod rules;
mod snapshot;
mod usage;
mod validate;
mod variables;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use exit::Exit;

/// Known-good configuration for GPU Kubernetes clusters.
#[derive(Debug, Parser)]
#[command(name = "eidos", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Snapshot(snapshot::SnapshotCommand),
    /// Say what an environment should run.
    Recipe(Box<recipe::RecipeCommand>),
    /// Make the files that bring a recipe's operators to a cluster.
    Bundle(Box<bundle::BundleCommand>),
    /// Print one value of a recipe.
    Query(recipe::QueryCommand),
    Diff(diff::DiffCommand),
    Validate(validate::ValidateCommand),
    /// Check, test, compare and explain rules.
    #[command(subcommand)]
    Rules(rules::Command),
    Watch(watch::WatchCommand),
    Completion(completion::CompletionCommand),
}

/// Runs one command line, with the program's name first.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are answers, not failures.
            let code = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            usage::tell(error, &Arguments::command(), &arguments);
            return code.into();
        }
    };
    let outcome = match parsed.command {
        Command::Snapshot(command) => command.run(),
        Command::Recipe(command) => command.run(),
        Command::Bundle(command) => command.run(),
        Command::Query(command) => command.run(),
        Command::Diff(command) => command.run(),
        Command::Validate(command) => command.run(),
        Command::Rules(command) => rules::run(command),
        Command::Watch(command) => command.run(),
        Command::Completion(command) => command.run(Arguments::command()),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::complain(&failure.to_string());
            failure.exit().into()
        }
    }
}
