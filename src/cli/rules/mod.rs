//! `eidos rules`: one file a command.

mod impact;
mod lint;
mod load;
mod schema;
mod show;
mod test;

use clap::Subcommand;

use super::exit::{Exit, Failure};

/// What to do with rules. Rules are a folder, a file, or a git revision of
/// either, such as `main:recipes`; left out, the folder `recipes` if there is
/// one, else the embedded rules.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Find what is wrong, doubtful or missing.
    Lint(lint::Lint),
    /// Run the assertions that stand beside the rules.
    Test(test::Test),
    /// Show which queries get other recipes from NEW than from OLD.
    Impact(impact::Impact),
    /// Show where each value of a recipe comes from.
    Show(show::Show),
    /// Print the JSON Schema of rule files.
    #[command(after_help = "Examples:\n  eidos rules schema > recipes/rules.schema.json")]
    Schema,
}

pub(super) fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Lint(lint) => lint.run(),
        Command::Test(test) => test.run(),
        Command::Impact(impact) => impact.run(),
        Command::Show(show) => show.run(),
        Command::Schema => schema::run(),
    }
}
