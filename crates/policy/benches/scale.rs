//! Compiling and proving at the size of a large hospital.
fn main() {
    divan::main();
}
