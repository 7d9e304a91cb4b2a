//! `eidos completion`: what shells ask to complete a command line, and the manual.

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

use super::exit::{Exit, Failure};
use super::output;

/// Print what a shell needs to complete `eidos`, or the manual page.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  source <(eidos completion bash)
  eidos completion zsh > ~/.zfunc/_eidos
  eidos completion man | man -l -")]
pub(super) struct CompletionCommand {
    /// The shell; `man` prints the manual pages of all commands.
    #[arg(value_enum)]
    target: Target,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Target {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Man,
}

impl CompletionCommand {
    /// Prints for the whole command line, which `command` describes.
    pub(super) fn run(&self, mut command: Command) -> Result<Exit, Failure> {
        let mut text = Vec::new();
        let shell = match self.target {
            Target::Bash => Shell::Bash,
            Target::Zsh => Shell::Zsh,
            Target::Fish => Shell::Fish,
            Target::Powershell => Shell::PowerShell,
            Target::Man => {
                command.build();
                manual(&command, &mut text)?;
                output::print_bytes(&text)?;
                return Ok(Exit::Done);
            }
        };
        clap_complete::generate(shell, &mut command, "eidos", &mut text);
        output::print_bytes(&text)?;
        Ok(Exit::Done)
    }
}

/// One page a command, one after the other, the whole program first.
fn manual(command: &Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let page = command
        .clone()
        .display_name(command.get_display_name().unwrap_or("eidos").to_owned());
    clap_mangen::Man::new(page).render(text)?;
    command
        .get_subcommands()
        .try_for_each(|inner| manual(inner, text))
}
