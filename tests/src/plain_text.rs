//! The programs of plain-text accounting, which judge our exports.
//!
//! Where they may be installed, they must be there: `make test` installs them. A developer without the right to install is told
//! which tests did not run.

#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use ledger::Amount;

use crate::kafka::not_run;

/// Prints what every account comes to, to the last digit: Beancount's own reports round to what is customary.
const BEANCOUNT_BALANCES: &str = "
import collections, sys
from beancount import loader
from beancount.core import data
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors
balances = collections.defaultdict(int)
for entry in data.filter_txns(entries):
    for posting in entry.postings:
        balances[posting.account, posting.units.currency] += posting.units.number
for (account, currency), number in balances.items():
    print(account, currency, format(number, 'f'))
";

/// Balances by account and currency.
pub type Balances = BTreeMap<(String, String), Amount>;

/// Whether both programs are there; says so where they are not and cannot be.
pub fn programs_are_there() -> bool {
    let missing: Vec<&str> = ["hledger", "bean-check"].into_iter().filter(|program| !is_there(program)).collect();
    if missing.is_empty() {
        return true;
    }
    let reason = format!(
        "{} is missing. infra/dev/prerequisites.sh tests installs hledger and Beancount where it may, or names the packages",
        missing.join(", ")
    );
    assert!(!may_install(), "{reason}");
    not_run(&reason);
    false
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Whether packages can be installed here without asking: what the set-up script goes by. A build server must be able to.
fn may_install() -> bool {
    let succeeds = |program: &str, arguments: &[&str]| Command::new(program).args(arguments).output().ok();
    let is_root = succeeds("id", &["-u"]).is_some_and(|output| output.stdout.trim_ascii() == b"0");
    let has_sudo = succeeds("sudo", &["-n", "true"]).is_some_and(|output| output.status.success());
    is_root || has_sudo || std::env::var_os("CI").is_some()
}

#[track_caller]
fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{stdout}{stderr}");
    stdout.into_owned()
}

/// What `hledger` makes of a journal, which passes its strict checks.
#[track_caller]
pub fn hledger_balances(journal: &Path) -> Balances {
    let hledger = |arguments: &[&str]| succeed(Command::new("hledger").arg("-f").arg(journal).args(arguments));
    hledger(&["check", "--strict"]);
    let table = hledger(&["balance", "--flat", "--empty", "--no-total", "--layout=bare", "-O", "csv"]);
    let rows = table.lines().skip(1).map(|row| {
        let fields: Vec<&str> = row.split(',').map(|field| field.trim_matches('"')).collect();
        let [account, currency, amount] = fields.as_slice() else { panic!("{row}") };
        (((*account).to_owned(), (*currency).to_owned()), amount.parse().expect("an amount"))
    });
    rows.collect()
}

/// What Beancount makes of a ledger, which passes `bean-check`.
#[track_caller]
pub fn beancount_balances(ledger: &Path) -> Balances {
    let complaints = succeed(Command::new("bean-check").arg(ledger));
    assert_eq!(complaints, "");
    let table = succeed(Command::new(beancount_python()).arg("-c").arg(BEANCOUNT_BALANCES).arg(ledger));
    let rows = table.lines().map(|row| {
        let fields: Vec<&str> = row.split(' ').collect();
        let [account, currency, amount] = fields.as_slice() else { panic!("{row}") };
        (((*account).to_owned(), (*currency).to_owned()), amount.parse().expect("an amount"))
    });
    rows.collect()
}

/// The interpreter that has Beancount: the one that its program runs on.
fn beancount_python() -> String {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let programs = std::env::split_paths(&paths).map(|directory| directory.join("bean-check"));
    let script = programs.into_iter().find_map(|program| std::fs::read_to_string(program).ok()).unwrap_or_default();
    let first = script.lines().next().and_then(|line| line.strip_prefix("#!")).map(str::trim);
    first.filter(|interpreter| Path::new(interpreter).exists()).unwrap_or("python3").to_owned()
}
