# Shared by the scripts beside it; sourced, never run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Install the Debian packages named that are not there yet.
need_packages() {
  local missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      { echo "These packages are missing: ${missing[*]}. Install them as root, then run this again." >&2; exit 1; }
    root=(sudo)
  fi
  echo "Installing ${missing[*]} ..."
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Make .venv with this project in it, at the locked versions; "$1" is "" or extras such as "[dev]".
need_environment() {
  local python=${PYTHON:-python3}
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "Python 3.11 or newer is needed; $("$python" --version) was found. Set PYTHON=python3.12, say." >&2; exit 1; }
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --constraint requirements.lock --editable ".$1"
}

speech_packages=(libportaudio2 libespeak-ng1 espeak-ng)
# A python3 from elsewhere than Debian brings its own venv module.
python3 -c 'import ensurepip' 2>/dev/null || speech_packages+=(python3-venv)
