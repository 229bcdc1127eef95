//! Random bytes for passwords, identifiers and port numbers.

use std::fs::File;
use std::io::Read;

use super::ServiceError;

/// `N` bytes from the operating system's generator.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], ServiceError> {
    let mut bytes = [0; N];
    File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).map_err(ServiceError::Random)?;
    Ok(bytes)
}
