# What the agent needs on the instance: Docker with buildx, git, openssl, and Caddy by its locked hashes. Safe to repeat.
set -eu
done_mark=/var/lib/binderops/set-up
[ ! -e "$done_mark" ] || exit 0
# The console keeps its newest part only, and where no agent comes up it is all that people get to see.
log=/var/log/binderops-setup.log
exec 3>&1 >"$log" 2>&1
trap '[ $? -eq 0 ] || tail -n 15 "$log" >&3' EXIT

missing=""
command -v docker >/dev/null || missing="$missing docker.io"
docker buildx version >/dev/null 2>&1 || missing="$missing docker-buildx"
command -v git >/dev/null || missing="$missing git"
command -v openssl >/dev/null || missing="$missing openssl"
command -v iptables >/dev/null || missing="$missing iptables"
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
if [ -n "$missing" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # Names of packages, one each: meant to be split.
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing
fi

[ -x /opt/binderops/venv/bin/caddy ] || {
    python3 -m venv /opt/binderops/venv
    /opt/binderops/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes \
        -r /opt/binderops/requirements.txt
}
touch "$done_mark"
