//! The program: a command line in, an exit status out.

use std::process::ExitCode;

use belfry::app::{
    cli::Cli,
    command::{explain, run},
};
use clap::Parser;

// Lowest memory per connection of the allocators measured; it returns what a wave of them took.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(refused) => explain(&refused),
    }
}
