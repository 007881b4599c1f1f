//! `jankins token`: tokens for callers and operators.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;

use super::style::Style;
use crate::access::TokenHash;
use crate::access::new_token;

/// Commands of `token`.
#[derive(Args, Debug)]
pub(super) struct TokenOptions {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token: printed once, on standard output; what the configuration keeps of it follows on standard error
    New(NewOptions),
    /// Print the hash of a token that is read from standard input
    Hash,
}

#[derive(Args, Debug)]
struct NewOptions {
    /// Name of the user who will send it
    #[arg(long, default_value = "NAME")]
    user: String,

    /// Tenant that it opens [default: the default tenant]
    #[arg(long)]
    tenant: Option<String>,

    /// For an operator instead of a caller
    #[arg(long, conflicts_with_all = ["user", "tenant"])]
    operator: bool,
}

pub(super) fn run(options: &TokenOptions) -> anyhow::Result<ExitCode> {
    match &options.command {
        TokenCommand::New(options) => {
            let token = new_token()?;
            writeln!(std::io::stdout(), "{token}")?;
            let style = Style::of_stderr();
            let mut stderr = std::io::stderr();
            writeln!(stderr, "{}", style.faint("# This token is shown only now. Add to the configuration:"))?;
            write!(stderr, "{}", entry(&TokenHash::of(&token), options))?;
        }
        TokenCommand::Hash => {
            let token = std::io::read_to_string(std::io::stdin())?;
            anyhow::ensure!(!token.trim().is_empty(), "standard input holds no token");
            writeln!(std::io::stdout(), "{}", TokenHash::of(token.trim()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn entry(hash: &TokenHash, options: &NewOptions) -> String {
    if options.operator {
        return format!("operator_tokens = [\"{hash}\"]\n");
    }
    let tenant = options.tenant.as_ref().map_or_else(String::new, |tenant| format!("tenant = {tenant:?}\n"));
    format!("[[tokens]]\nhash = \"{hash}\"\nuser = {:?}\n{tenant}", options.user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_what_the_configuration_takes_and_holds_no_token() {
        let token = new_token().unwrap();
        let options = NewOptions { user: "ada".to_owned(), tenant: Some("shop".to_owned()), operator: false };
        let entry = entry(&TokenHash::of(&token), &options);
        assert!(entry.starts_with("[[tokens]]\nhash = \"sha256:") && entry.ends_with("\nuser = \"ada\"\ntenant = \"shop\"\n"), "{entry}");
        assert!(!entry.contains(&token));
    }
}
