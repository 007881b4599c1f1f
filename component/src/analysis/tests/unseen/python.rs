//! pytest, tox, Poetry, pip.

use super::Log;
use crate::analysis::rules::Category;

const EXIT_1: &str = "ERROR: script returned exit code 1";

#[test]
fn a_name_cannot_be_imported_at_collection() {
    Log::pipeline()
        .stage("Test")
        .sh("python -m pytest -q")
        .line("============================= test session starts ==============================")
        .noise(40, "tests/test_error_{}.py::test_raises_error PASSED")
        .lines(
            "==================================== ERRORS ====================================
____________________ ERROR collecting tests/test_pricing.py ____________________
ImportError while importing test module '/var/jenkins/workspace/acme/orders/tests/test_pricing.py'.
Hint: make sure your test modules/packages have valid Python names.
Traceback:
/usr/lib/python3.12/importlib/__init__.py:90: in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
tests/test_pricing.py:3: in <module>
    from shop.pricing import round_price
E   ImportError: cannot import name 'round_price' from 'shop.pricing' (/var/jenkins/workspace/acme/orders/shop/pricing.py)
=========================== short test summary info ============================
ERROR tests/test_pricing.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
============================== 1 error in 0.34s ================================",
        )
        .end()
        .failed(&["Package"], "ERROR: script returned exit code 2")
        .explains(Category::Dependency, &["round_price", "shop.pricing"], "cannot import name");
}

#[test]
fn poetry_cannot_solve_the_versions() {
    Log::pipeline()
        .stage("Install")
        .sh("poetry install")
        .lines("Creating virtualenv orders-py3.12 in /var/jenkins/workspace/acme/orders/.venv\nUpdating dependencies\nResolving dependencies...\n\nBecause orders depends on pydantic (^2.0) which doesn't match any versions, version solving failed.")
        .end()
        .failed(&["Test"], EXIT_1)
        .explains(Category::Dependency, &["pydantic (^2.0)"], "version solving failed");
}

#[test]
fn pip_has_no_matching_distribution_inside_an_image_build() {
    Log::pipeline()
        .timestamps()
        .stage("Image")
        .sh("docker build -t acme/orders:1.4 .")
        .lines("#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n#5 [2/6] WORKDIR /app\n#5 CACHED")
        .noise(50, "#8 1.{}00 Collecting error-reporter{}>=1.0")
        .lines(
            "#8 9.101 ERROR: Could not find a version that satisfies the requirement acme-pricing==2.4.1 (from versions: 2.3.0, 2.4.0)
#8 9.102 ERROR: No matching distribution found for acme-pricing==2.4.1
#8 9.310 
#8 9.310 [notice] A new release of pip is available: 24.0 -> 24.2
#8 ERROR: process \"/bin/sh -c pip install -r requirements.txt\" did not complete successfully: exit code: 1
------
 > [4/6] RUN pip install -r requirements.txt:
9.101 ERROR: Could not find a version that satisfies the requirement acme-pricing==2.4.1 (from versions: 2.3.0, 2.4.0)
9.102 ERROR: No matching distribution found for acme-pricing==2.4.1
------
Dockerfile:9
--------------------
   8 |     COPY requirements.txt .
   9 | >>> RUN pip install -r requirements.txt
--------------------
ERROR: failed to solve: process \"/bin/sh -c pip install -r requirements.txt\" did not complete successfully: exit code: 1",
        )
        .end()
        .failed(&["Push"], EXIT_1)
        .explains(Category::Dependency, &["acme-pricing==2.4.1"], "acme-pricing==2.4.1");
}

#[test]
fn tox_fails_in_one_environment() {
    Log::pipeline()
        .stage("Test")
        .sh("tox")
        .lines("py311: OK (12.3 seconds)\npy312: commands[0]> pytest -q")
        .noise(30, "..................................................... [{}%]")
        .lines(
            "=================================== FAILURES ===================================
______________________________ test_rounding ______________________________
    def test_rounding():
>       assert round_price('1.005') == Decimal('1.01')
E       AssertionError: assert Decimal('1.00') == Decimal('1.01')
tests/test_pricing.py:18: AssertionError
=========================== short test summary info ============================
FAILED tests/test_pricing.py::test_rounding - AssertionError: assert Decimal('1.00') == Decimal('1.01')
1 failed, 211 passed in 3.21s
py312: exit 1 (4.02 seconds) /var/jenkins/workspace/acme/orders> pytest -q pid=4242
  py311: OK (12.30=setup[8.1]+cmd[4.2] seconds)
  py312: FAIL code 1 (12.9=setup[8.1]+cmd[4.0] seconds)
  evaluation failed :( (25.9 seconds)",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["tests/test_pricing.py::test_rounding", "Decimal('1.01')"], "FAILED tests/test_pricing.py");
}

#[test]
fn a_script_dies_of_an_exception_chain_at_its_root() {
    Log::pipeline()
        .stage("Migrate")
        .sh("python manage.py migrate")
        .noise(60, "  Applying errors.000{}_fail... OK")
        .lines(
            "Traceback (most recent call last):
  File \"/var/jenkins/workspace/acme/orders/.venv/lib/python3.12/site-packages/django/db/backends/utils.py\", line 89, in _execute
    return self.cursor.execute(sql, params)
psycopg2.errors.UndefinedColumn: column orders.currency does not exist
LINE 1: SELECT \"orders\".\"currency\" FROM \"orders\"

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"/var/jenkins/workspace/acme/orders/manage.py\", line 22, in <module>
    main()
  File \"/var/jenkins/workspace/acme/orders/shop/migrations/0042_currency.py\", line 17, in forwards
    for order in Order.objects.all():
django.db.utils.ProgrammingError: column orders.currency does not exist",
        )
        .end()
        .failed(&["Deploy"], EXIT_1)
        .explains(Category::Script, &["column orders.currency does not exist"], "column orders.currency does not exist");
}
