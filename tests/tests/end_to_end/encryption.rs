//! TLS to PostgreSQL and Kafka: who is believed, and who is not.

use std::error::Error as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use infra::Database;
use infra::brokers::{BrokerSecurity, BrokerTls, Brokers};
use nix::unistd::{User, geteuid};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use secrecy::SecretString;
use tempfile::TempDir;
use tests::exchange::TestExchange;
use tests::postgres::{OwnPostgres, TestDatabase};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A certificate authority of one's own.
fn authority() -> (String, Issuer<'static, KeyPair>) {
    let mut parameters = CertificateParams::new(Vec::new()).expect("it can be made");
    // Another name than those of the servers: OpenSSL takes what names itself as its issuer for signed by itself.
    parameters.distinguished_name.push(DnType::CommonName, "an authority of this test");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("it can be made");
    let certificate = parameters.self_signed(&key).expect("it can be made").pem();
    (certificate, Issuer::new(parameters, key))
}

/// Writes a file that the server's user can read, and nobody else.
fn for_server(path: &Path, content: &str) -> String {
    fs::write(path, content).expect("it can be made");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("it can be made");
    // As root, the server is started as this user.
    if geteuid().is_root() {
        let user = User::from_name("postgres")
            .expect("it can be made")
            .or_else(|| User::from_name("nobody").expect("it can be made"))
            .expect("it can be made");
        chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("it can be made");
    }
    path.to_str().expect("it can be made").to_owned()
}

/// Why a URL does not connect; nothing when it does, encrypted.
async fn refused(url: String) -> Option<String> {
    let database = match Database::new(&SecretString::from(url)) {
        Ok(database) => database,
        Err(error) => return Some(error.to_string()),
    };
    match database.connect_as_owner().await {
        Ok(client) => {
            let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            assert!(client.query_one(encrypted, &[]).await.expect("it can be made").get::<_, bool>(0));
            None
        }
        Err(error) => Some(format!("{error} {:?}", error.source().map(ToString::to_string))),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_that_the_right_authority_vouches_for_is_believed() {
    let directory = TempDir::with_prefix_in("secondwind-tls-", "/var/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let file = |name: &str| directory.path().join(name);
    let (certificate, issuer) = authority();
    fs::write(file("ca.pem"), certificate).unwrap();
    fs::write(file("other-ca.pem"), authority().0).unwrap();
    fs::write(file("empty.pem"), "").unwrap();
    let key = KeyPair::generate().unwrap();
    let of_server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let postgres = OwnPostgres::start_with(vec![
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", for_server(&file("server.pem"), &of_server.pem())),
        ("ssl_key_file", for_server(&file("server-key.pem"), &key.serialize_pem())),
    ])
    .await;
    let url = postgres.url("postgres").replace("127.0.0.1", "localhost");
    let by = |mode: &str, ca: &str| format!("{url}?sslmode={mode}&sslrootcert={}", file(ca).display());
    for mode in ["require", "verify-ca", "verify-full"] {
        assert_eq!(refused(by(mode, "ca.pem")).await, None, "{mode}");
    }
    for (url, cause) in [
        (by("verify-full", "other-ca.pem"), "invalid peer certificate"),
        (by("require", "other-ca.pem"), "invalid peer certificate"),
        (by("verify-full", "empty.pem"), "there are none"),
        (by("verify-full", "nowhere.pem"), "cannot be used"),
        (by("verify-full", "ca.pem").replace("localhost", "127.0.0.1"), "not valid for name"),
        (format!("{url}?sslmode=verify-full"), ""),
    ] {
        let reason = refused(url.clone()).await.unwrap_or_else(|| panic!("connected by {url}"));
        assert!(reason.contains(cause), "{url}: {reason}");
    }

    // Everything that an exchange does goes through encrypted connections.
    let database = postgres.database().await;
    let owner = database.owner().await;
    let encrypted = database.with_url(by("verify-full", "ca.pem").replace("/postgres?", "/test?"));
    let exchange = TestExchange::start_without_kafka(encrypted).await;
    exchange.operator().get("/v1/markets").await.ok();
    let sessions = "SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) \
                    FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'secondwind'";
    let row = owner.query_one(sessions, &[]).await.unwrap();
    assert!(row.get::<_, i64>(0) >= 3);
    assert_eq!(row.get::<_, i64>(1), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_encryption_is_refused_where_it_is_asked_for() {
    let url = TestDatabase::create().await.url();
    let reason = refused(format!("{url}?sslmode=require")).await.expect("it has no TLS");
    assert!(reason.contains("does not support TLS"), "{reason}");
}

/// Whether a client of Kafka that trusts `ca_file` speaks to a broker with this certificate.
async fn kafka_client_speaks(acceptor: TlsAcceptor, ca_file: PathBuf) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let brokers = Brokers {
        addresses: format!("localhost:{}", listener.local_addr().expect("loopback is there").port()),
        security: BrokerSecurity { tls: Some(BrokerTls { ca_file: Some(ca_file) }), login: None },
    };
    let client = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = brokers.client().create().expect("a client");
        // There is nobody behind the encryption who would answer.
        consumer.fetch_metadata(None, Duration::from_secs(5)).is_err()
    });
    let mut spoken = false;
    let accepting = async {
        loop {
            let (connection, _) = listener.accept().await.expect("loopback is there");
            let mut request = [0; 4];
            if let Ok(mut encrypted) = acceptor.accept(connection).await {
                spoken |= encrypted.read_exact(&mut request).await.is_ok();
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        unanswered = client => assert!(unanswered.expect("loopback is there")),
    }
    spoken
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_kafka_believes_only_the_right_authority() {
    let directory = tests::scratch::directory();
    let file = |name: &str| directory.path().join(name);
    let (certificate, issuer) = authority();
    fs::write(file("ca.pem"), certificate).unwrap();
    fs::write(file("other-ca.pem"), authority().0).unwrap();
    let acceptor = |host: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    };
    assert!(kafka_client_speaks(acceptor("localhost"), file("ca.pem")).await);
    assert!(!kafka_client_speaks(acceptor("localhost"), file("other-ca.pem")).await);
    assert!(!kafka_client_speaks(acceptor("elsewhere.example"), file("ca.pem")).await);
}
