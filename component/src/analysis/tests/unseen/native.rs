//! C, C++, Rust, Go, .NET, Swift, Bazel.

use super::Log;
use crate::analysis::rules::Category;

const EXIT_1: &str = "ERROR: script returned exit code 1";

#[test]
fn a_symbol_is_undefined_when_ninja_links() {
    Log::pipeline()
        .stage("Build")
        .sh("cmake --build build")
        .noise(180, "[{}/212] Building CXX object src/CMakeFiles/orders.dir/error_{}.cc.o")
        .lines(
            "/ws/src/legacy.cc:88:12: warning: 'int fail(error_t)' is deprecated: use fatal_error() instead [-Wdeprecated-declarations]
[211/212] Linking CXX executable bin/orders
FAILED: bin/orders 
: && /usr/bin/c++ -O2 -Werror src/CMakeFiles/orders.dir/main.cc.o -o bin/orders  libpricing.a && :
/usr/bin/ld: src/CMakeFiles/orders.dir/main.cc.o: in function `main':
main.cc:(.text.startup+0x4f): undefined reference to `pricing::round_half_up(double)'
collect2: error: ld returned 1 exit status
ninja: build stopped: subcommand failed.",
        )
        .end()
        .failed(&["Test"], EXIT_1)
        .explains(Category::Compile, &["pricing::round_half_up(double)"], "undefined reference");
}

#[test]
fn the_linker_says_the_same_in_the_words_of_macos() {
    Log::pipeline()
        .stage("Build")
        .sh("make")
        .lines(
            "c++ -o orders main.o
Undefined symbols for architecture arm64:
  \"pricing::round_half_up(double)\", referenced from:
      _main in main.o
ld: symbol(s) not found for architecture arm64
clang: error: linker command failed with exit code 1 (use -v to see invocation)
make: *** [orders] Error 1",
        )
        .end()
        .failed(&[], "ERROR: script returned exit code 2")
        .explains(Category::Compile, &["round_half_up"], "referenced from");
}

#[test]
fn clippy_denies_a_warning() {
    Log::pipeline()
        .stage("Lint")
        .sh("cargo clippy --all-targets -- -D warnings")
        .noise(90, "    Checking error-chain-{} v0.12.{}")
        .lines(
            "error: this loop could be written as a `for` loop
  --> src/ledger.rs:41:5
   |
41 |     while let Some(x) = it.next() {
   |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ help: try: `for x in it`
   |
   = help: for further information visit https://rust-lang.github.io/rust-clippy/master/index.html#while_let_on_iterator
   = note: `-D clippy::while-let-on-iterator` implied by `-D warnings`

error: could not compile `orders` (lib) due to 1 previous error
warning: build failed, waiting for other jobs to finish...",
        )
        .end()
        .failed(&["Test"], "ERROR: script returned exit code 101")
        .explains(Category::Lint, &["src/ledger.rs:41", "clippy::while_let_on_iterator"], "this loop could be written");
}

#[test]
fn a_rust_test_panics_among_tests_that_should_panic() {
    Log::pipeline()
        .stage("Test")
        .sh("cargo test")
        .noise(60, "test errors::case_{}_fails_on_error - should panic ... ok")
        .lines(
            "test pricing::rounds_half_up ... FAILED

failures:

---- pricing::rounds_half_up stdout ----
thread 'pricing::rounds_half_up' panicked at src/pricing.rs:88:9:
assertion `left == right` failed
  left: 1012
 right: 1013
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

failures:
    pricing::rounds_half_up

test result: FAILED. 60 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.12s

error: test failed, to rerun pass `--lib`",
        )
        .end()
        .failed(&[], "ERROR: script returned exit code 101")
        .explains(Category::Test, &["pricing::rounds_half_up"], "rounds_half_up");
}

#[test]
fn go_misses_a_checksum_in_a_branch_of_a_parallel() {
    Log::pipeline()
        .stage("Checks")
        .lines("[Pipeline] parallel\n[Pipeline] { (Branch: lint)\n[Pipeline] { (Branch: build)\n[Pipeline] sh\n[Pipeline] sh")
        .lines("[lint] + golangci-lint run\n[build] + go build ./...")
        .noise(60, "[lint] level=warning msg=\"[runner] The linter 'deadcode{}' is deprecated due to: replaced by unused. Will fail with error later\"\n[build] go: downloading github.com/acme/errors v0.{}.0")
        .lines(
            "[build] internal/tax/tax.go:5:2: missing go.sum entry for module providing package golang.org/x/text/language (imported by github.com/acme/orders/internal/tax); to add:
[build] \tgo get github.com/acme/orders/internal/tax
[Pipeline] }
Failed in branch build
[lint] 0 issues.
[Pipeline] }
[Pipeline] // parallel",
        )
        .end()
        .failed(&["Deploy"], EXIT_1)
        .explains(Category::Dependency, &["golang.org/x/text/language"], "missing go.sum entry");
}

#[test]
fn go_vet_finds_a_wrong_format() {
    Log::pipeline()
        .stage("Vet")
        .sh("go vet ./...")
        .lines("# github.com/acme/orders/internal/tax\ninternal/tax/tax.go:31:2: fmt.Printf format %d has arg rate of wrong type float64")
        .end()
        .failed(&["Test"], EXIT_1)
        .explains(Category::Compile, &["internal/tax/tax.go:31", "wrong type float64"], "fmt.Printf format");
}

#[test]
fn bazel_fails_where_gcc_fails() {
    Log::pipeline()
        .timestamps()
        .stage("Build")
        .sh("bazel build //...")
        .noise(120, "(01:02:03) [{} / 812] Compiling src/errors/error{}.cc; 1s linux-sandbox")
        .lines(
            "(01:03:04) ERROR: /var/jenkins/workspace/acme/orders/src/pricing/BUILD.bazel:12:11: Compiling src/pricing/round.cc failed: (Exit 1): gcc failed: error executing CppCompile command (from target //src/pricing:round) /usr/bin/gcc -U_FORTIFY_SOURCE ... (remaining 34 arguments skipped)
src/pricing/round.cc:21:12: error: 'totl' was not declared in this scope; did you mean 'total'?
   21 |     return totl;
      |            ^~~~
(01:03:04) INFO: Elapsed time: 61.2s, Critical Path: 12.1s
(01:03:04) ERROR: Build did NOT complete successfully
FAILED: 
    fetching repository @@rules_error",
        )
        .end()
        .failed(&["Test"], EXIT_1)
        .explains(Category::Compile, &["src/pricing/round.cc:21", "totl"], "was not declared in this scope");
}

#[test]
fn the_c_sharp_compiler_fails_on_windows() {
    Log::freestyle()
        .lines("[orders] $ cmd.exe /c call C:\\Windows\\TEMP\\jenkins8473829473829473829.bat\n\nC:\\jenkins\\workspace\\orders>dotnet build -c Release")
        .lines("MSBuild version 17.10.4+10fbfbf2e for .NET\n  Determining projects to restore...\n  Restored C:\\jenkins\\workspace\\orders\\src\\Shop.csproj (in 1.2 sec).")
        .noise(150, "C:\\jenkins\\workspace\\orders\\src\\Errors\\Error{}.cs(12,5): warning CS0618: 'Log.Error(string)' is obsolete: 'use Log.Fatal' [C:\\jenkins\\workspace\\orders\\src\\Shop.csproj]")
        .lines(
            "C:\\jenkins\\workspace\\orders\\src\\Cart.cs(14,9): error CS0103: The name 'Totl' does not exist in the current context [C:\\jenkins\\workspace\\orders\\src\\Shop.csproj]

Build FAILED.

    150 Warning(s)
    1 Error(s)

Time Elapsed 00:00:12.34
Build step 'Execute Windows batch command' marked build as failure
Finished: FAILURE",
        )
        .explains(Category::Compile, &["Cart.cs:14", "CS0103"], "Cart.cs(14,9): error CS0103");
}

#[test]
fn nuget_finds_no_package_of_that_version() {
    Log::pipeline()
        .stage("Restore")
        .line("[Pipeline] bat")
        .lines("C:\\jenkins\\workspace\\orders>dotnet restore \n  Determining projects to restore...\nC:\\jenkins\\workspace\\orders\\src\\Shop.csproj : error NU1102: Unable to find package Acme.Pricing with version (>= 2.4.1) [C:\\jenkins\\workspace\\orders\\Shop.sln]\nC:\\jenkins\\workspace\\orders\\src\\Shop.csproj : error NU1102:   - Found 3 version(s) in nexus [ Nearest version: 2.4.0 ] [C:\\jenkins\\workspace\\orders\\Shop.sln]\n  Failed to restore C:\\jenkins\\workspace\\orders\\src\\Shop.csproj (in 3.2 sec).")
        .end()
        .failed(&["Build"], EXIT_1)
        .explains(Category::Dependency, &["Acme.Pricing", "NU1102"], "error NU1102");
}

#[test]
fn swift_does_not_compile_under_xcodebuild() {
    Log::pipeline()
        .stage("Build")
        .sh("xcodebuild -scheme Shop build")
        .noise(100, "CompileSwift normal arm64 /Users/ci/ws/Shop/Error{}.swift (in target 'Shop' from project 'Shop')\n/Users/ci/ws/Shop/Error{}.swift:9:5: warning: 'fail(error:)' was deprecated in iOS 16.0")
        .lines(
            "/Users/ci/ws/Shop/Cart.swift:14:18: error: value of type 'Cart' has no member 'totl'
        return cart.totl
               ~~~~ ^~~~
** BUILD FAILED **


The following build commands failed:
\tCompileSwift normal arm64 (in target 'Shop' from project 'Shop')
(1 failure)",
        )
        .end()
        .failed(&["Archive"], "ERROR: script returned exit code 65")
        .explains(Category::Compile, &["Cart.swift:14", "has no member 'totl'"], "Cart.swift:14:18: error");
}

#[test]
fn a_gem_is_missing() {
    Log::pipeline()
        .stage("Install")
        .sh("bundle install")
        .noise(40, "Using error_highlight {}.0.0")
        .line("Could not find gem 'acme-pricing (~> 2.4)' in rubygems repository https://rubygems.org/ or installed locally.")
        .end()
        .failed(&["Test"], "ERROR: script returned exit code 7")
        .explains(Category::Dependency, &["acme-pricing (~> 2.4)"], "Could not find gem");
}

#[test]
fn rspec_names_its_failing_example() {
    Log::pipeline()
        .stage("Test")
        .sh("bundle exec rspec")
        .noise(30, "WARN: Unresolved or ambiguous specs during Gem::Specification.reset: error{}")
        .lines(
            "..........F....

Failures:

  1) Cart adds a discount
     Failure/Error: expect(cart.total).to eq(17.70)

       expected: 17.7
            got: 17.68

       (compared using ==)
     # ./spec/cart_spec.rb:10:in `block (2 levels) in <top (required)>'

Finished in 0.31 seconds (files took 1.2 seconds to load)
15 examples, 1 failure

Failed examples:

rspec ./spec/cart_spec.rb:10 # Cart adds a discount",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["Cart adds a discount"], "spec/cart_spec.rb:10");
}

#[test]
fn phpunit_names_its_failing_test() {
    Log::pipeline()
        .stage("Test")
        .sh("vendor/bin/phpunit")
        .lines(
            "PHPUnit 11.3.1 by Sebastian Bergmann and contributors.

......F...                                                        10 / 10 (100%)

Time: 00:00.021, Memory: 8.00 MB

There was 1 failure:

1) Tests\\CartTest::addsDiscount
Failed asserting that 17.68 matches expected 17.7.

/var/jenkins/workspace/acme/orders/tests/CartTest.php:21

FAILURES!
Tests: 10, Assertions: 14, Failures: 1.",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["CartTest::addsDiscount", "17.68 matches expected 17.7"], "CartTest::addsDiscount");
}
