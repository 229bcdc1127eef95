//! The command line of `secondwind replay-market`.

use std::path::PathBuf;

use clap::Args;

/// Play recorded prices and demand through the REST API of a running exchange, and check what came of it.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// Daily rental prices of GPU providers, one CSV row per day, model and region.
    #[arg(long, value_name = "FILE")]
    pub prices: PathBuf,
    /// Pods of a GPU cluster, one CSV row each, with times in seconds.
    #[arg(long, value_name = "FILE")]
    pub demand: PathBuf,
    /// The exchange; must be on this machine. By default the one in the credentials file.
    #[arg(long)]
    pub url: Option<String>,
    /// What `secondwind run` left for its clients.
    #[arg(long, value_name = "FILE", default_value = ".secondwind/credentials.json")]
    pub credentials: PathBuf,
    /// Orders offered per second, whether or not the exchange keeps up.
    #[arg(long, value_name = "ORDERS_PER_SECOND", default_value_t = 200,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// Also write the report as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Only the first orders, with the lots and organizations that they need.
    #[arg(long, value_name = "ORDERS", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Give up what is unanswered after this time from the start, and report.
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, value_parser = clap::value_parser!(u32).range(1..))]
    pub timeout_seconds: u32,
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn parse(more: &[&str]) -> Result<ReplayArgs, clap::Error> {
        let command = ReplayArgs::augment_args(Command::new("replay-market"));
        let required = ["replay-market", "--prices", "p.csv", "--demand", "d.csv"];
        ReplayArgs::from_arg_matches(&command.try_get_matches_from(required.iter().chain(more))?)
    }

    #[test]
    fn two_files_are_enough() {
        let args = parse(&[]).unwrap();
        assert_eq!((args.rate, args.limit, args.timeout_seconds), (200, None, 1800));
        assert_eq!(args.credentials, PathBuf::from(".secondwind/credentials.json"));
    }

    #[test]
    fn a_load_of_nothing_is_refused() {
        for wrong in [["--rate", "0"], ["--limit", "0"], ["--timeout-seconds", "0"], ["--rate", "1.5"]] {
            assert!(parse(&wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(parse(&["--rate", "5000"]).unwrap().rate, 5000);
    }
}
