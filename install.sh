#!/bin/sh
# Puts the mlforge binary into ~/.local/bin, or into MLFORGE_INSTALL_DIR, after its digest has been checked. Never needs
# root. MLFORGE_VERSION names a release (v1.2.3), the latest one by default; MLFORGE_DOWNLOAD a mirror of its files.
set -eu

repository=${MLFORGE_REPOSITORY:-mlforge/mlforge}
version=${MLFORGE_VERSION:-latest}
folder=${MLFORGE_INSTALL_DIR:-${HOME:?set MLFORGE_INSTALL_DIR where there is no home}/.local/bin}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

ending=
case $(uname -s) in
  Linux) system=linux ;;
  Darwin) system=darwin ;;
  # A POSIX shell on Windows, such as the one of CI runners.
  MINGW* | MSYS* | CYGWIN*) system=windows ending=.exe ;;
  *) fail "there is no binary for $(uname -s)" ;;
esac
case $(uname -m) in
  x86_64 | amd64) machine=x64 ;;
  aarch64 | arm64) machine=arm64 ;;
  *) fail "there is no binary for $(uname -m)" ;;
esac
name=mlforge-$system-$machine$ending

if [ "$version" = latest ]; then
  from=${MLFORGE_DOWNLOAD:-https://github.com/$repository/releases/latest/download}
else
  from=${MLFORGE_DOWNLOAD:-https://github.com/$repository/releases/download/$version}
fi

fetch() { # name, file
  if command -v curl >/dev/null; then
    curl -fsSL --retry 3 -o "$2" "$from/$1"
  elif command -v wget >/dev/null; then
    wget -qO "$2" "$from/$1"
  else
    fail "neither curl nor wget is there"
  fi || fail "could not get $from/$1"
}

digest() { # file
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

mkdir -p "$folder"
# Beside its place, so that it comes there in one step.
part=$(mktemp -d "$folder/.mlforge.XXXXXX")
trap 'rm -rf "$part"' EXIT
fetch SHA256SUMS "$part/SHA256SUMS"
fetch "$name" "$part/mlforge$ending"
wanted=$(grep "  $name\$" "$part/SHA256SUMS" | cut -d ' ' -f 1) || fail "SHA256SUMS has no digest of $name"
found=$(digest "$part/mlforge$ending")
[ "$wanted" = "$found" ] || fail "$name has the digest $found, not $wanted: nothing was installed"
chmod 755 "$part/mlforge$ending"
mv -f "$part/mlforge$ending" "$folder/mlforge$ending"
echo "Installed $("$folder/mlforge$ending" --version) as $folder/mlforge$ending"
case ":${PATH:-}:" in
  *":$folder:"*) ;;
  *) echo "Add $folder to your PATH." ;;
esac
