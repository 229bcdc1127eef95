//! The migrations are read at build time: a new file must build them again.

fn main() {
    println!("cargo::rerun-if-changed=sql");
}
