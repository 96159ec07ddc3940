# What programs in containers may not reach: the cloud's metadata service, the neighbours on private networks, this machine itself.
# Names are resolved first. In one step, so that repeating it leaves no gap.
set -eu
iptables-restore --wait --noflush <<'RULES'
*filter
:BINDEROPS-OUT - [0:0]
-A BINDEROPS-OUT -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
-A BINDEROPS-OUT -p udp --dport 53 -j RETURN
-A BINDEROPS-OUT -p tcp --dport 53 -j RETURN
-A BINDEROPS-OUT -d 169.254.0.0/16 -j DROP
-A BINDEROPS-OUT -d 10.0.0.0/8 -j DROP
-A BINDEROPS-OUT -d 172.16.0.0/12 -j DROP
-A BINDEROPS-OUT -d 192.168.0.0/16 -j DROP
:BINDEROPS-HERE - [0:0]
-A BINDEROPS-HERE -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
-A BINDEROPS-HERE -j DROP
COMMIT
RULES

# Docker makes this chain too, and asks it before its own; made first, it holds before any container starts.
iptables --wait -N DOCKER-USER 2>/dev/null || true
ask() { # CHAIN BRIDGE TARGET
    iptables --wait -C "$1" -i "$2" -j "$3" 2>/dev/null || iptables --wait -I "$1" -i "$2" -j "$3"
}
for bridge in docker0 binderops0; do # builds, the person's programs
    ask DOCKER-USER "$bridge" BINDEROPS-OUT
    ask INPUT "$bridge" BINDEROPS-HERE
done
