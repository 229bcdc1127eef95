//! TLS to PostgreSQL: always verified, the host's name included.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DatabaseError;
use super::address::Trust;

/// Makes encrypted connections to servers that `trust` vouches for.
pub(super) fn connector(trust: &Trust) -> Result<MakeRustlsConnect, DatabaseError> {
    let roots = roots(trust)?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| DatabaseError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn roots(trust: &Trust) -> Result<RootCertStore, DatabaseError> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::System => {
            // Some that cannot be read are no reason to believe none.
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let reason = "this machine has no certificate authorities: install ca-certificates, or name a PEM file by \
                              sslrootcert in DATABASE_URL";
                return Err(DatabaseError::Tls(reason.to_owned()));
            }
        }
        Trust::File(path) => {
            let unusable = |reason: String| {
                DatabaseError::Tls(format!(
                    "the certificates of sslrootcert, {}, cannot be used: {reason}",
                    path.display()
                ))
            };
            let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
                roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(unusable("there are none".to_owned()));
            }
        }
    }
    Ok(roots)
}
