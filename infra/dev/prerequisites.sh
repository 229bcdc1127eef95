#!/usr/bin/env bash
# Checks that this machine can build Secondwind and run its development
# services, and installs what is missing where it may do so without asking:
# as root, with passwordless sudo, or with Homebrew. Otherwise it names the
# missing packages and fails.
#
# Needed:   a C and a C++ compiler, make, the headers of zlib and of OpenSSL,
#           and pkg-config, which finds these (librdkafka and aws-lc are built
#           from source, against the system's OpenSSL), Rust 1.95, the server
#           programs of PostgreSQL 15 or newer.
# Optional: Java 17 and Maven. They run a real Apache Kafka; without them the
#           tests that need one say that they did not run. Required with
#           KAFKA=apache. The benchmarks run exchange-core with them.
# With the argument `lint`: pip, which installs what checks words and dependencies.
# With the argument `tests`: hledger and Beancount as well, which judge the
#           ledger's exports. Where they may not be installed they are named,
#           and the tests that need them say that they did not run.
set -euo pipefail

readonly rust_minimum=95      # Rust 1.x
readonly postgres_minimum=15
readonly java_minimum=17

readonly purpose=${1:-}       # `tests`, `lint`, or nothing
missing=()             # what is missing, as kinds that packages_for translates
missing_for_tests=()   # what only tests miss, likewise

has() { command -v "$1" >/dev/null 2>&1; }

# --- checks ------------------------------------------------------------------

# True when version $1 (as printed by `rustc --version`) is recent enough.
rust_is_recent() {
  [[ $1 =~ ^rustc\ 1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= rust_minimum))
}

zlib_headers_exist() {
  local dir
  for dir in /usr/include /usr/local/include /opt/homebrew/opt/zlib/include; do
    [[ -f $dir/zlib.h ]] && return 0
  done
  # macOS keeps the headers in its SDK.
  has xcrun && [[ -f "$(xcrun --show-sdk-path 2>/dev/null)/usr/include/zlib.h" ]] && return 0
  has pkg-config && pkg-config --exists zlib
}

openssl_headers_exist() {
  has pkg-config && pkg-config --exists openssl
}

# True when directory $1 holds a recent enough PostgreSQL server.
holds_postgres() {
  [[ -x $1/initdb && -x $1/postgres ]] || return 1
  [[ $("$1/postgres" --version) =~ \(PostgreSQL\)\ ([0-9]+) ]] || return 1
  ((BASH_REMATCH[1] >= postgres_minimum))
}

# Looks where infra/dev-services/src/postgres_binaries.rs looks.
postgres_exists() {
  local dir
  if [[ -n ${SECONDWIND_POSTGRES_BIN:-} ]]; then
    holds_postgres "$SECONDWIND_POSTGRES_BIN"
    return
  fi
  for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    holds_postgres "$dir" && return 0
  done
  has pg_config && holds_postgres "$(pg_config --bindir)" && return 0
  has postgres && holds_postgres "$(dirname "$(command -v postgres)")"
}

# Reads the version of a running-from-disk Java from its `release` file, which
# is faster than starting it, and asks the program only where there is none.
java_is_recent() {
  local java=java version
  [[ -n ${JAVA_HOME:-} ]] && java=$JAVA_HOME/bin/java
  has "$java" || return 1
  local release
  release=$(dirname "$(dirname "$(realpath "$(command -v "$java")")")")/release
  if [[ -f $release ]]; then
    version=$(grep '^JAVA_VERSION=' "$release")
  else
    version=$("$java" -version 2>&1) || return 1
  fi
  [[ $version =~ \"(1\.)?([0-9]+) ]] && ((BASH_REMATCH[2] >= java_minimum))
}

# Maven only has to fetch the jars.
kafka_jars_exist() {
  local root
  root=$(dirname "${BASH_SOURCE[0]}")/..
  [[ -n ${SECONDWIND_KAFKA_JARS:-} || -n ${KAFKA_HOME:-} || -f $root/kafka/libs/.complete ]]
}

find_missing() {
  missing=()
  missing_for_tests=()
  has cc && has c++ || missing+=(compiler)
  has make || missing+=(make)
  zlib_headers_exist || missing+=(zlib)
  has pkg-config || missing+=(pkg-config)
  openssl_headers_exist || missing+=(openssl)
  postgres_exists || missing+=(postgres)
  if [[ ${KAFKA:-} == apache ]]; then
    java_is_recent || missing+=(java)
    kafka_jars_exist || has mvn || missing+=(maven)
  fi
  if [[ $purpose == lint ]]; then
    has typos || python3 -m pip --version >/dev/null 2>&1 || missing+=(pip)
  fi
  if [[ $purpose == tests ]]; then
    has hledger || missing_for_tests+=(hledger)
    has bean-check || missing_for_tests+=(beancount)
  fi
}

# --- packages ----------------------------------------------------------------

package_manager() {
  local name
  for name in apt-get dnf apk pacman brew; do
    has "$name" && { echo "$name"; return; }
  done
  echo none
}

# The packages of manager $1 for kind $2.
packages_for() {
  case $1:$2 in
    apt-get:compiler) echo gcc g++ libc6-dev ;;
    dnf:compiler) echo gcc gcc-c++ ;;
    apk:compiler) echo build-base linux-headers ;;
    pacman:compiler) echo gcc ;;
    brew:compiler) echo gcc ;;
    apt-get:zlib) echo zlib1g-dev ;;
    dnf:zlib) echo zlib-devel ;;
    apk:zlib) echo zlib-dev ;;
    *:zlib) echo zlib ;;
    apt-get:openssl) echo libssl-dev ;;
    dnf:openssl) echo openssl-devel ;;
    apk:openssl) echo openssl-dev ;;
    brew:openssl) echo openssl@3 ;;
    dnf:pkg-config) echo pkgconf-pkg-config ;;
    apk:pkg-config | pacman:pkg-config | brew:pkg-config) echo pkgconf ;;
    apt-get:postgres | apk:postgres | pacman:postgres) echo postgresql ;;
    dnf:postgres) echo postgresql-server ;;
    brew:postgres) echo postgresql@17 ;;
    # The default runtime of older releases is older than what Kafka needs, and
    # newer releases no longer have Java 17.
    apt-get:java)
      # A name that is only referred to is known, but has no version.
      if [[ -n $(apt-cache show openjdk-21-jre-headless 2>/dev/null) ]]; then
        echo openjdk-21-jre-headless
      else
        echo openjdk-17-jre-headless
      fi
      ;;
    dnf:java) echo java-latest-openjdk-headless ;;
    apk:java) echo openjdk17-jre-headless ;;
    pacman:java) echo jre-openjdk-headless ;;
    brew:java) echo openjdk ;;
    apt-get:pip | dnf:pip) echo python3-pip ;;
    apk:pip) echo py3-pip ;;
    pacman:pip) echo python-pip ;;
    brew:pip) echo python ;;
    # Not packaged there, or not in what is enabled by default.
    dnf:beancount | apk:beancount | pacman:beancount | apk:hledger) ;;
    *) echo "$2" ;;
  esac
}

# Installs "$@" with manager $manager, through ${as_root[@]}.
install_packages() {
  case $manager in
    apt-get)
      keep_debian_from_creating_a_cluster
      "${as_root[@]}" apt-get update -q
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@"
      ;;
    dnf) "${as_root[@]}" dnf install -y -q "$@" ;;
    apk) "${as_root[@]}" apk add --no-progress "$@" ;;
    pacman) "${as_root[@]}" pacman -S --noconfirm --needed "$@" ;;
    brew) brew install "$@" ;;
  esac
}

# Debian's package would create and start a server nobody asked for. An
# existing configuration is the administrator's and is left alone.
keep_debian_from_creating_a_cluster() {
  local file=/etc/postgresql-common/createcluster.conf
  [[ " ${missing[*]} " == *' postgres '* && ! -e $file ]] || return 0
  "${as_root[@]}" mkdir -p "$(dirname "$file")"
  echo 'create_main_cluster = false' | "${as_root[@]}" tee "$file" >/dev/null
}

# --- run ---------------------------------------------------------------------

# Rust comes from rustup, not from the distribution, whose release is older.
if ! has cargo || ! has rustc || ! rust_is_recent "$(rustc --version)"; then
  echo "Rust 1.$rust_minimum or newer with cargo is missing." \
    "Install it with rustup (see the Rust project's site), or run: rustup update stable" >&2
  exit 1
fi

find_missing
if ((${#missing[@]} + ${#missing_for_tests[@]} == 0)); then
  exit 0
fi

manager=$(package_manager)
packages=()
# Bash 3.2 takes an empty array for an unset one.
for kind in ${missing[@]+"${missing[@]}"} ${missing_for_tests[@]+"${missing_for_tests[@]}"}; do
  read -ra names <<<"$(packages_for "$manager" "$kind")"
  packages+=("${names[@]}")
done

as_root=(env)
may_install=false
if [[ $manager == brew || $EUID -eq 0 ]]; then
  may_install=true
elif has sudo && sudo -n true 2>/dev/null; then
  may_install=true
  as_root=(sudo -n)
fi
if [[ $manager == none ]]; then
  may_install=false
fi

if $may_install && ((${#packages[@]} > 0)); then
  echo "Installing with $manager: ${packages[*]}" >&2
  install_packages "${packages[@]}" >&2 || true
  hash -r
  find_missing
  if ((${#missing[@]} > 0)); then
    echo "Still missing after installing: ${missing[*]}" >&2
  fi
fi

if ((${#missing_for_tests[@]} > 0)); then
  echo "The tests of the ledger's exports want: ${missing_for_tests[*]}." \
    "Install them with this system's package manager; Beancount also with: pipx install beancount" >&2
fi
if ((${#missing[@]} == 0)); then
  exit 0
fi

{
  echo "Secondwind needs: ${missing[*]}" \
    "(PostgreSQL $postgres_minimum or newer, Java $java_minimum or newer)."
  case $manager in
    none) echo "Install them with this system's package manager and run again." ;;
    brew) echo "Install them with: brew install ${packages[*]}" ;;
    apk) echo "Install them with: sudo apk add ${packages[*]}" ;;
    pacman) echo "Install them with: sudo pacman -S ${packages[*]}" ;;
    *) echo "Install them with: sudo $manager install ${packages[*]}" ;;
  esac
} >&2
exit 1
