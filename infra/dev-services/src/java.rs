//! Finding a Java runtime.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use super::ServiceError;

/// Oldest Java that runs an Apache Kafka 4 server.
const OLDEST_MAJOR: u32 = 17;

/// The `java` program of `JAVA_HOME` when that is set, else of the search
/// path; refused when older than Java 17.
pub(crate) fn locate_java() -> Result<PathBuf, ServiceError> {
    let program =
        env::var_os("JAVA_HOME").map_or_else(|| PathBuf::from("java"), |home| PathBuf::from(home).join("bin/java"));
    let missing = |found| ServiceError::JavaMissing { found };
    let output = Command::new(&program)
        .arg("-version")
        .output()
        .map_err(|error| missing(format!("{}: {error}", program.display())))?;
    let text = String::from_utf8_lossy(&output.stderr);
    match major_of(&text) {
        Some(major) if major >= OLDEST_MAJOR => Ok(program),
        Some(major) => Err(missing(format!("{} is Java {major}", program.display()))),
        None => Err(missing(format!("`{} -version` does not tell its version", program.display()))),
    }
}

/// Major version in the output of `java -version`, as in
/// `openjdk version "17.0.15" 2025-04-15` or `java version "1.8.0_402"`.
fn major_of(output: &str) -> Option<u32> {
    let version = output.split('"').nth(1)?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    match numbers.next()?.parse().ok()? {
        1 => numbers.next()?.parse().ok(),
        major => Some(major),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_the_old_and_the_new_form() {
        assert_eq!(major_of("openjdk version \"17.0.15\" 2025-04-15"), Some(17));
        assert_eq!(major_of("java version \"1.8.0_402\""), Some(8));
        assert_eq!(major_of("openjdk version \"25\" 2025-09-16"), Some(25));
        assert_eq!(major_of("command not found"), None);
    }
}
