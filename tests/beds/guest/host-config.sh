# To be sourced. What this machine knows of its package mirrors and certificates, for a root directory that is to use the same.

# mirrors SUITE: Debian's mirrors of this machine as one-line entries for that suite.
mirrors() {
  python3 - "$1" <<'P'
import pathlib
import re
import sys

suite, apt = sys.argv[1], pathlib.Path("/etc/apt")
ours = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M)[1]
entries = []  # (address, suite) of this machine
for file in apt.glob("sources.list.d/*.sources"):
    for part in re.split(r"\n\s*\n", file.read_text()):
        fields = dict(re.findall(r"^(\w[\w-]*):[ \t]*(.*)$", part, re.M))
        for address in fields.get("URIs", "").split()[:1]:
            entries += [(address, name) for name in fields.get("Suites", "").split() if "debian" in address]
for file in [apt / "sources.list", *apt.glob("sources.list.d/*.list")]:
    if file.exists():
        entries += re.findall(r"^deb\s+(?:\[.*?\]\s*)?(\S+)\s+(\S+)", file.read_text(), re.M)
lines = [f"deb {address} {name.replace(ours, suite, 1)} main" for address, name in entries if name.startswith(ours)]
print("\n".join(dict.fromkeys(lines)) or sys.exit(f"no Debian mirror for {ours} among the apt sources of this machine"))
P
}

# adopt ROOT: certificates, apt's way out and pip's index of this machine.
adopt() {
  local root=$1 file
  mkdir -p "$root/usr/local/share/ca-certificates" "$root/etc/apt/apt.conf.d"
  for file in /usr/local/share/ca-certificates/*.crt; do
    [ ! -e "$file" ] || cp "$file" "$root/usr/local/share/ca-certificates/"
  done
  chroot "$root" update-ca-certificates >/dev/null
  for file in /etc/apt/apt.conf.d/*; do
    ! grep -qiE 'proxy|https::|ca-?info' "$file" || cp "$file" "$root/etc/apt/apt.conf.d/"
  done
  {
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n'
    # Not the whole: local folders of wheels do not exist there. A machine without pip may still have its settings.
    { python3 -m pip config list 2>/dev/null || sed -n "s/^\(index-url\|trusted-host\) *= *\(.*\)/global.\1='\2'/p" /etc/pip.conf 2>/dev/null || true; } |
      sed -n "s/^global\.\(index-url\|trusted-host\)='\(.*\)'/\1 = \2/p"
  } >"$root/etc/pip.conf"
}

# debian SUITE ROOT PACKAGES: a small Debian with these packages and no documentation.
debian() {
  local sources
  sources=$(mktemp)
  mirrors "$1" >"$sources"
  mmdebstrap --quiet --mode=root --variant=minbase --include="$3" --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --essential-hook='echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io"' "$1" "$2" "$sources"
  rm -f "$sources"
  adopt "$2"
}
