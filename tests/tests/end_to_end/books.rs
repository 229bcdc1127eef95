//! The books refuse, by plain SQL and whoever writes, what would make them wrong.
//!
//! The application's role stands for an intruder who has its database password; the owner stands for our own mistakes.

use ledger::{AccountKind, Guard};
use tests::postgres::TestDatabase;
use tokio_postgres::{Client, Config, NoTls};

const UNIQUE: &str = "23505";
const CHECK: &str = "23514";
const NOT_SOUND: &str = "23000";
const APPEND_ONLY: &str = "23001";
/// What does not continue the log or the books as they are.
const NOT_CONTINUED: &str = "SW001";
const NO_PRIVILEGE: &str = "42501";

/// Every table that the books and the log rest on.
const TABLES: [&str; 10] = [
    "events",
    "entries",
    "lines",
    "accounts",
    "balances",
    "daily_movements",
    "books",
    "leadership",
    "entries_awaiting_lines",
    "closed_periods",
];

/// Accounts 1 to 5 in the operator's books, 6 in those of a box; 2 and 3 are guarded.
const ACCOUNTS: &str = "INSERT INTO accounts (id, book, code, owner, currency, guarded) VALUES \
    (1, 1, '1000-bank', '', 'USD', false), (2, 1, '2000-customer-available', 'org:acme', 'USD', true), \
    (3, 1, '2010-customer-held', 'org:acme', 'USD', true), (4, 1, '1000-bank', '', 'EUR', false), \
    (5, 1, '4000-fee-revenue', '', 'USD', false), (6, 2, '1000-bank', '', 'USD', false);";

/// Books with one event and one entry in them: a deposit of 100.
struct Books {
    database: TestDatabase,
    owner: Client,
    application: Client,
}

impl Books {
    async fn open() -> Self {
        let database = TestDatabase::create().await;
        let (owner, application) = (database.owner().await, database.application().await);
        let books = Self { database, owner, application };
        let box_book = "INSERT INTO books (id, entity) VALUES (2, 'box:00000000-0000-0000-0000-000000000001')";
        books.owner.batch_execute(box_book).await.expect("a box's books");
        let deposit = entry("deposit", 2) + &lines("(0, 1, 100), (1, 2, -100)");
        let first = format!("BEGIN; {} {ACCOUNTS} {deposit} COMMIT", events(1, "1"));
        books.application.batch_execute(&first).await.expect("sound books");
        books
    }

    /// The session of a login that may do what the application may, and is nobody else behind it.
    async fn intruder(&self) -> Client {
        let mut config: Config = self.database.url().parse().expect("a URL");
        let name = format!("intruder_{}", config.get_dbname().expect("a database"));
        let role = format!("CREATE ROLE {name} LOGIN PASSWORD 'stolen' IN ROLE secondwind_app");
        self.owner.batch_execute(&role).await.expect("a login");
        config.user(&name).password("stolen");
        let (client, connection) = config.connect(NoTls).await.expect("PostgreSQL accepts connections");
        tokio::spawn(connection);
        client
    }

    /// Everything that is in the tables.
    async fn contents(&self) -> String {
        let each =
            TABLES.map(|table| format!("SELECT '{table} ' || t::text AS content FROM {table} t")).join(" UNION ALL ");
        let all = format!("SELECT string_agg(content, E'\\n' ORDER BY content) FROM ({each}) AS everything");
        self.owner.query_one(&all, &[]).await.expect("the tables can be read").get(0)
    }

    /// Asserts that a transaction of `sql` fails with this code and message, and leaves everything as it was.
    async fn refuse(&self, session: &Client, what: &str, sql: &str, (code, says): (&str, &str)) {
        let before = self.contents().await;
        let outcome = session.batch_execute(&format!("BEGIN; {sql}; COMMIT")).await;
        let Err(error) = outcome else { panic!("{what}: it was not refused") };
        session.batch_execute("ROLLBACK").await.expect("the session goes on");
        let error = error.as_db_error().expect("the server's refusal");
        assert_eq!(error.code().code(), code, "{what}: {error}");
        assert!(error.message().contains(says), "{what}: {error}");
        assert_eq!(self.contents().await, before, "{what}: it left something behind");
    }

    async fn balance(&self, account: i64) -> String {
        let row = self.owner.query_one("SELECT balance::text FROM balances WHERE account = $1", &[&account]).await;
        row.expect("the account has a balance").get(0)
    }
}

/// The head moved on by `count`, and events with these sequences.
fn events(count: u32, sequences: &str) -> String {
    format!(
        "UPDATE leadership SET head = head + {count}; \
         INSERT INTO events (sequence, at, command, type, version, key, content) \
         SELECT s, now(), gen_random_uuid(), 'deposit_received', 1, 'acme', '{{}}' FROM unnest('{{{sequences}}}'::bigint[]) s;"
    )
}

/// The next entry of the operator's books, without its lines.
fn entry(source_key: &str, line_count: u32) -> String {
    entry_with(source_key, line_count, "head_sequence + 1", "head_hash")
}

fn entry_with(source_key: &str, line_count: u32, sequence: &str, previous_hash: &str) -> String {
    format!(
        "INSERT INTO entries (book, sequence, source_key, event, rule, rule_version, effective, line_count, previous_hash, hash) \
         SELECT id, {sequence}, '{source_key}', 1, 'deposit.matched', 1, '2037-01-01', {line_count}, {previous_hash}, \
         sha256('{source_key}') FROM books WHERE id = 1;"
    )
}

/// Lines (number, account, amount) of the entry that is the books' last.
fn lines(values: &str) -> String {
    format!(
        "INSERT INTO lines (book, entry, line, account, amount) SELECT 1, head_sequence, line, account, amount \
         FROM books, (VALUES {values}) AS v (line, account, amount) WHERE id = 1;"
    )
}

/// Two entries in one statement, the second linked to `link`, and lines (entry after the last, number, account, amount).
fn two_entries(link: &str, values: &str) -> String {
    format!(
        "INSERT INTO entries (book, sequence, source_key, rule, rule_version, effective, line_count, previous_hash, hash) \
         SELECT 1, head_sequence + n, 'pair.' || n, 'hold.placed', 1, '2037-01-01', 2, \
         CASE n WHEN 1 THEN head_hash ELSE {link} END, sha256(('pair.' || n)::bytea) \
         FROM books, generate_series(1, 2) n WHERE id = 1; \
         INSERT INTO lines (book, entry, line, account, amount) SELECT 1, head_sequence - 2 + n, line, account, amount \
         FROM books, (VALUES {values}) AS v (n, line, account, amount) WHERE id = 1;"
    )
}

const LINKED: &str = "sha256('pair.1')";

#[tokio::test(flavor = "multi_thread")]
async fn sound_entries_move_their_balances() {
    let books = Books::open().await;
    assert_eq!((books.balance(1).await, books.balance(2).await), ("100.000000".to_owned(), "-100.000000".to_owned()));
    let hold = entry("hold", 2) + &lines("(0, 2, 30.5), (1, 3, -30.5)");
    books.application.batch_execute(&format!("BEGIN; {hold} COMMIT")).await.expect("a sound entry");
    assert_eq!((books.balance(2).await, books.balance(3).await), ("-69.500000".to_owned(), "-30.500000".to_owned()));

    let pair = two_entries(LINKED, "(1, 0, 2, 9.5), (1, 1, 3, -9.5), (2, 0, 3, 40), (2, 1, 5, -40)");
    books.application.batch_execute(&format!("BEGIN; {pair} COMMIT")).await.expect("two sound entries");
    assert_eq!((books.balance(2).await, books.balance(3).await), ("-60.000000".to_owned(), "0.000000".to_owned()));
    assert_eq!(books.balance(5).await, "-40.000000");
    let left = "SELECT head_sequence, head_hash = sha256('pair.2'), (SELECT count(*) FROM entries_awaiting_lines) \
                FROM books WHERE id = 1";
    let row = books.owner.query_one(left, &[]).await.expect("the books");
    assert_eq!((row.get(0), row.get(1), row.get(2)), (4_i64, true, 0_i64));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_accounts_moved_on_each_day_is_kept_with_their_lines() {
    let books = Books::open().await;
    let movements = async || -> Vec<String> {
        let statement = "SELECT concat_ws(' ', run, day, code, currency, amount) FROM daily_movements \
                         ORDER BY run, day, code, currency";
        let rows = books.owner.query(statement, &[]).await.expect("the movements");
        rows.iter().map(|row| row.get(0)).collect()
    };
    let (bank, available) = ("1000-bank USD", "2000-customer-available USD");
    assert_eq!(
        movements().await,
        [format!("0 2037-01-01 {bank} 100.000000"), format!("0 2037-01-01 {available} -100.000000")]
    );

    // The same day adds to its rows; another one, and an account in another currency, have rows of their own.
    let same_day = entry("more", 2) + &lines("(0, 1, 5), (1, 2, -5)");
    let next_day = entry("later", 3).replace("2037-01-01", "2037-01-02") + &lines("(0, 2, 7), (1, 1, -9), (2, 5, 2)");
    let all = format!("BEGIN; {same_day} {next_day} COMMIT");
    books.application.batch_execute(&all).await.expect("sound entries");
    assert_eq!(
        movements().await,
        [
            format!("0 2037-01-01 {bank} 105.000000"),
            format!("0 2037-01-01 {available} -105.000000"),
            format!("0 2037-01-02 {bank} -9.000000"),
            format!("0 2037-01-02 {available} 7.000000"),
            "0 2037-01-02 4000-fee-revenue USD 2.000000".to_owned(),
        ]
    );
    let sums = "SELECT bool_and(b.balance = m.amount) FROM \
                (SELECT a.code, a.currency, sum(s.balance) AS balance FROM accounts a JOIN balances s ON s.account = a.id \
                 WHERE a.book = 1 GROUP BY a.code, a.currency) b \
                JOIN (SELECT code, currency, sum(amount) AS amount FROM daily_movements GROUP BY code, currency) m \
                USING (code, currency)";
    assert!(books.owner.query_one(sums, &[]).await.expect("sums").get::<_, bool>(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_not_sound_is_refused() {
    let books = Books::open().await;
    let sound = "(0, 1, 5), (1, 2, -5)";
    let with = |values: &str| entry("next", 2) + &lines(values);
    let older = |values: &str| {
        format!("INSERT INTO lines (book, entry, line, account, amount) SELECT 1, 1, * FROM (VALUES {values}) AS v;")
    };
    let (sums, together) = ("do not sum to zero", "arrive together");
    let cases = [
        ("unbalanced", with("(0, 1, 5), (1, 2, -4.999999)"), (NOT_SOUND, sums)),
        ("currencies that cancel each other", with("(0, 4, 5), (1, 2, -5)"), (NOT_SOUND, sums)),
        ("one line stated", entry("next", 1) + &lines("(0, 1, 5)"), (CHECK, "line_count")),
        ("two lines stated, one written", with("(0, 1, 5)"), (NOT_SOUND, together)),
        ("two lines stated, three written", with("(0, 1, 5), (1, 2, -2), (2, 2, -3)"), (NOT_SOUND, together)),
        ("lines not numbered from 0", with("(1, 1, 5), (2, 2, -5)"), (NOT_SOUND, together)),
        ("lines in two statements", with("(0, 1, 5)") + &lines("(1, 2, -5)"), (NOT_SOUND, together)),
        ("no lines", entry("next", 2), (NOT_SOUND, "has no lines")),
        ("lines without an entry", lines("(0, 1, 5), (1, 2, -5)").replace("head_sequence", "2"), (NOT_SOUND, together)),
        ("a source key twice", entry("deposit", 2) + &lines(sound), (UNIQUE, "source_key")),
        (
            "a source key twice in a statement",
            two_entries(LINKED, "(1, 0, 1, 1)").replace("'pair.' || n,", "'same',"),
            (UNIQUE, "source_key"),
        ),
        (
            "a gap in the sequence",
            entry_with("next", 2, "head_sequence + 2", "head_hash") + &lines(sound),
            (NOT_CONTINUED, "do not continue"),
        ),
        ("a sequence that is taken", entry_with("next", 2, "head_sequence", "head_hash"), (UNIQUE, "entries_pkey")),
        (
            "a broken link to the books",
            entry_with("next", 2, "head_sequence + 1", "sha256('other')") + &lines(sound),
            (NOT_CONTINUED, "do not continue"),
        ),
        (
            "a broken link within a statement",
            two_entries("sha256('other')", "(1, 0, 1, 1)"),
            (NOT_CONTINUED, "do not continue"),
        ),
        ("a hash that is none", entry("next", 2).replace("sha256('next')", "'short'"), (CHECK, "hash")),
        ("unknown books", entry("next", 2).replace("SELECT id", "SELECT 9"), (NOT_CONTINUED, "do not continue")),
        ("an account of other books", with("(0, 1, 5), (1, 6, -5)"), (NOT_SOUND, "does not belong")),
        ("an unknown account", with("(0, 1, 5), (1, 99, -5)"), (NOT_SOUND, "does not belong")),
        ("a line of zero", with("(0, 1, 0), (1, 2, 0)"), (CHECK, "amount")),
        (
            "a line beyond the largest",
            with("(0, 1, 1000000000000.000001), (1, 5, -1000000000000.000001)"),
            (CHECK, "amount"),
        ),
        ("a line that is no number", with("(0, 1, 'NaN'::numeric), (1, 2, 'NaN')"), (CHECK, "amount")),
        ("an overdraft", with("(0, 2, 100.000001), (1, 1, -100.000001)"), (CHECK, "guarded_account_never_negative")),
        (
            "an overdraft while other accounts net",
            two_entries(LINKED, "(1, 0, 2, 150), (1, 1, 5, -150), (2, 0, 5, 150), (2, 1, 3, -150)"),
            (CHECK, "guarded_account_never_negative"),
        ),
        ("a line for an older entry", older("(2, 1, 5.0)"), (NOT_SOUND, together)),
        ("a balanced pair for an older entry", older("(2, 1, 5.0), (3, 2, -5)"), (NOT_SOUND, together)),
        ("a pair in the place of an older one", older("(0, 1, 5.0), (1, 2, -5)"), (UNIQUE, "lines_pkey")),
    ];
    for (what, sql, refusal) in &cases {
        for session in [&books.application, &books.owner] {
            books.refuse(session, what, sql, *refusal).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_may_wait_for_its_lines_until_the_commit_only() {
    let books = Books::open().await;
    let before = books.contents().await;
    let session = &books.application;
    session.batch_execute(&format!("BEGIN; {}", entry("next", 2))).await.expect("its lines may still come");
    let error = session.batch_execute("COMMIT").await.expect_err("they did not come");
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some(NOT_SOUND));
    assert_eq!(books.contents().await, before);

    let undone = format!("{} SAVEPOINT a; {} ROLLBACK TO a", entry("next", 2), lines("(0, 1, 5), (1, 2, -5)"));
    books.refuse(session, "lines that are undone", &undone, (NOT_SOUND, "has no lines")).await;
    let demanded = format!("SET CONSTRAINTS ALL IMMEDIATE; {}", entry("next", 2));
    books.refuse(session, "a check moved forward", &demanded, (NOT_SOUND, "has no lines")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_cannot_be_changed() {
    let books = Books::open().await;
    let columns = [
        ("events", "key"),
        ("entries", "rule"),
        ("lines", "amount"),
        ("accounts", "guarded"),
        ("closed_periods", "event"),
    ];
    let statements = columns.map(|(table, column)| {
        let change = format!("UPDATE {table} SET {column} = {column}");
        let conditional = format!("UPDATE {table} SET {column} = {column} WHERE false");
        [change, conditional, format!("DELETE FROM {table}"), format!("TRUNCATE {table} CASCADE")]
    });
    for statement in statements.as_flattened() {
        books.refuse(&books.application, statement, statement, (NO_PRIVILEGE, "permission denied")).await;
        books.refuse(&books.owner, statement, statement, (APPEND_ONLY, "append-only")).await;
    }
    for table in ["books", "balances", "daily_movements", "leadership"] {
        for statement in [format!("DELETE FROM {table}"), format!("TRUNCATE {table} CASCADE")] {
            books.refuse(&books.application, &statement, &statement, (NO_PRIVILEGE, "permission denied")).await;
            books.refuse(&books.owner, &statement, &statement, (APPEND_ONLY, "is refused")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_grows_without_gaps_and_its_leadership_never_goes_back() {
    let books = Books::open().await;
    let forward = "only moves forward";
    let cases = [
        ("a head that goes back", "UPDATE leadership SET head = head - 1".to_owned(), (NOT_CONTINUED, forward)),
        ("an epoch that goes back", "UPDATE leadership SET epoch = epoch - 1".to_owned(), (NOT_CONTINUED, forward)),
        ("an epoch used up", "UPDATE leadership SET epoch = 9223372036854775807".to_owned(), (NOT_CONTINUED, forward)),
        (
            "a head without its event",
            "UPDATE leadership SET head = head + 1".to_owned(),
            (NOT_CONTINUED, "gap between 1 and 2"),
        ),
        ("a gap in the log", events(2, "3"), (NOT_CONTINUED, "gap between 1 and 3")),
        ("an event beyond the head", events(0, "2"), (NOT_CONTINUED, "beyond the head")),
        ("an event far beyond the head", events(1, "2, 1000"), (NOT_CONTINUED, "beyond the head")),
        ("an event whose place is taken", events(1, "1"), (UNIQUE, "events_pkey")),
        ("an event before the first", events(1, "0"), (CHECK, "sequence")),
    ];
    for (what, sql, refusal) in &cases {
        for session in [&books.application, &books.owner] {
            books.refuse(session, what, sql, *refusal).await;
        }
    }
    let in_two_steps = format!("BEGIN; {} {} COMMIT", events(2, "2, 3"), events(1, "4"));
    books.application.batch_execute(&in_two_steps).await.expect("a log without gaps");
    books.application.batch_execute("UPDATE leadership SET epoch = epoch + 1").await.expect("a takeover");
}

/// The head moved on by one, and an event there that closes a month at an instant.
fn closing(period: &str, at: &str) -> String {
    format!(
        "UPDATE leadership SET head = head + 1; \
         INSERT INTO events (sequence, at, command, type, version, key, period, content) \
         SELECT head, '{at}', gen_random_uuid(), 'period_closed', 1, 'ledger', '{period}-01', '{{}}' FROM leadership;"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_month_takes_no_entry() {
    let books = Books::open().await;
    let early = closing("2036-12", "2037-01-01T00:00:00Z");
    books.refuse(&books.application, "a month before the first entry", &early, (NOT_SOUND, "in sequence")).await;
    // An entry that comes with the closing event may be of an event before it.
    let last = entry("last", 2) + &lines("(0, 1, 5), (1, 2, -5)");
    let close = format!("BEGIN; {} {last} COMMIT", closing("2037-01", "2037-02-01T00:00:00Z"));
    books.application.batch_execute(&close).await.expect("the month is closed with its last entry");
    let dated = |day: &str, event: &str| {
        let entry = entry("late", 2)
            .replace("'2037-01-01'", &format!("'{day}'"))
            .replace("'late', 1,", &format!("'late', {event},"));
        entry + &lines("(0, 1, 5), (1, 2, -5)")
    };
    let (late, order) = ("in a closed period", "in sequence");
    let with_its_closing = closing("2037-02", "2037-03-01T00:00:00Z") + &dated("2037-02-28", "3");
    let cases = [
        ("an entry of the closed month", dated("2037-01-31", "2"), (NOT_SOUND, late)),
        ("an entry of an event before it was closed", dated("2037-01-31", "1"), (NOT_SOUND, late)),
        ("an entry of no event", dated("2037-01-01", "NULL"), (NOT_SOUND, late)),
        ("an entry before the first month", dated("2036-12-31", "1"), (NOT_SOUND, late)),
        ("the same month again", closing("2037-01", "2037-03-01T00:00:00Z"), (NOT_SOUND, order)),
        ("a month left out", closing("2037-03", "2037-04-01T00:00:00Z"), (NOT_SOUND, order)),
        ("a month that is not over", closing("2037-02", "2037-02-28T23:59:59Z"), (NOT_SOUND, "is not over")),
        (
            "what comes after the closing in its transaction",
            with_its_closing.replace("'late', 3", "'late', 4"),
            (NOT_SOUND, late),
        ),
    ];
    for (what, sql, refusal) in &cases {
        for session in [&books.application, &books.owner] {
            books.refuse(session, what, sql, *refusal).await;
        }
    }
    let open = format!("BEGIN; {} COMMIT", dated("2037-02-01", "2"));
    books.application.batch_execute(&open).await.expect("the next month is open");
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_an_account_is_guarded_follows_from_its_code() {
    let books = Books::open().await;
    for kind in AccountKind::ALL {
        let is_guarded = kind.guard() == Guard::NeverDebit;
        let account = |guarded: bool| {
            let code = kind.code();
            format!(
                "INSERT INTO accounts (id, book, code, owner, currency, guarded) VALUES (99, 1, '{code}', 'x', 'USD', {guarded})"
            )
        };
        let undone = format!("BEGIN; {}; ROLLBACK", account(is_guarded));
        books.application.batch_execute(&undone).await.expect("an account as the chart has it");
        books.refuse(&books.application, kind.code(), &account(!is_guarded), (CHECK, "guarded_by_code")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intruder_cannot_reach_behind_the_rules() {
    let books = Books::open().await;
    let intruder = books.intruder().await;
    let statements = [
        "UPDATE balances SET balance = 0",
        "INSERT INTO balances (account, guarded) VALUES (99, false)",
        "UPDATE daily_movements SET amount = 0",
        "INSERT INTO daily_movements (book, currency, run, day, code, amount) VALUES (1, 'USD', 9, '2037-01-01', '1000-bank', 1)",
        "UPDATE books SET head_sequence = 0",
        "INSERT INTO books (id, entity) VALUES (3, 'box:00000000-0000-0000-0000-000000000003')",
        "INSERT INTO leadership (epoch, head) VALUES (1, 1)",
        "UPDATE leadership SET only_row = true",
        "INSERT INTO entries_awaiting_lines VALUES (1, 1, 1)",
        "DELETE FROM entries_awaiting_lines",
        "UPDATE api_clients SET role = 'operator'",
        "INSERT INTO closed_periods (period, event) VALUES ('2037-01-01', 1)",
        "ALTER TABLE entries DISABLE TRIGGER entries_are_of_open_periods",
        "SELECT FROM entries FOR UPDATE",
        "INSERT INTO lines (book, entry, line, account, amount) VALUES (1, 1, 0, 1, 7) \
         ON CONFLICT (book, entry, line) DO UPDATE SET amount = 7",
        "ALTER TABLE lines DISABLE TRIGGER ALL",
        "ALTER TABLE lines DISABLE TRIGGER lines_balance",
        "ALTER TABLE balances DROP CONSTRAINT guarded_account_never_negative",
        "DROP TRIGGER lines_balance ON lines",
        "DROP TABLE lines CASCADE",
        "DROP FUNCTION lines_inserted() CASCADE",
        "ALTER FUNCTION lines_inserted() SECURITY INVOKER",
        "CREATE TRIGGER late AFTER INSERT ON lines FOR EACH STATEMENT EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE quiet AS ON INSERT TO lines DO INSTEAD NOTHING",
        "CREATE TEMP TABLE part () INHERITS (lines)",
        "SET session_replication_role = replica",
        "CREATE FUNCTION public.abs(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 0.0'",
        "CREATE TABLE public.mine (id integer)",
        "CREATE SCHEMA mine",
        "GRANT UPDATE ON balances TO secondwind_app; UPDATE balances SET balance = 0",
        "ALTER ROLE secondwind_app SUPERUSER",
        "SET ROLE pg_write_server_files",
        "COPY lines TO PROGRAM 'cat'",
    ];
    for role in ["RESET ROLE", "SET ROLE secondwind_app"] {
        intruder.batch_execute(role).await.expect("a role of theirs");
        for statement in statements {
            books.refuse(&intruder, statement, statement, (NO_PRIVILEGE, "")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn temporary_tables_do_not_stand_in_for_the_books() {
    let books = Books::open().await;
    let intruder = books.intruder().await;
    let overdraft = entry("next", 2) + &lines("(0, 2, 500), (1, 1, -500)");
    let shadow = format!(
        "CREATE TEMP TABLE balances AS SELECT account, balance, false AS guarded FROM public.balances; \
         GRANT ALL ON pg_temp.balances TO PUBLIC; {overdraft}"
    );
    let guarded = (CHECK, "guarded_account_never_negative");
    books.refuse(&intruder, "a temporary table in front of the balances", &shadow, guarded).await;

    let forged = "CREATE TEMP TABLE forged (book integer, entry bigint, line integer, account bigint, amount numeric); \
                  CREATE TRIGGER forged AFTER INSERT ON forged REFERENCING NEW TABLE AS inserted \
                  FOR EACH STATEMENT EXECUTE FUNCTION public.lines_inserted(); \
                  INSERT INTO forged VALUES (1, 1, 0, 1, 1000), (1, 1, 1, 2, -1000)";
    let what = "the books' own function behind a temporary table";
    books.refuse(&intruder, what, forged, (NO_PRIVILEGE, "permission denied for function")).await;
}

/// A later migration that grants more, or forgets a function's search path, is noticed here.
#[tokio::test(flavor = "multi_thread")]
async fn the_application_has_these_rights_and_no_more() {
    let database = TestDatabase::create().await;
    let owner = database.owner().await;
    let rights = "SELECT c.relname::text, array(SELECT p FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p \
                  WHERE has_table_privilege('secondwind_app', c.oid, p)) \
                  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY($1)";
    let mut found: Vec<(String, Vec<String>)> =
        owner.query(rights, &[&&TABLES[..]]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    found.sort();
    let read: &[&str] = &["SELECT"];
    let append: &[&str] = &["SELECT", "INSERT"];
    let expected = [
        ("accounts", append),
        ("balances", read),
        ("books", read),
        ("closed_periods", read),
        ("daily_movements", read),
        ("entries", append),
        ("entries_awaiting_lines", &[]),
        ("events", append),
        ("leadership", read), // and two of its columns may be updated
        ("lines", append),
    ];
    let expected = expected.map(|(table, rights)| (table.to_owned(), rights.iter().map(ToString::to_string).collect()));
    assert_eq!(found, expected);

    let columns = "SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute \
                   WHERE attrelid = 'leadership'::regclass AND has_column_privilege('secondwind_app', attrelid, attnum, 'UPDATE') \
                   AND attnum > 0";
    let columns: Vec<String> = owner.query_one(columns, &[]).await.unwrap().get(0);
    assert_eq!(columns, ["epoch", "head"]);

    let functions = "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace \
                     AND (has_function_privilege('secondwind_app', p.oid, 'EXECUTE') \
                          OR p.prosecdef AND NOT coalesce('search_path=pg_catalog, public, pg_temp' = ANY(p.proconfig), false))";
    let open: Vec<String> = owner.query(functions, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    // It replaces the Argon2 hash of a secret by a digest of the same secret, and nothing else of a client.
    assert_eq!(open, ["upgrade_client_secret(text,text,text)"]);
}
