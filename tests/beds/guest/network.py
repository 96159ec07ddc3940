"""The guests' network: a bridge in a namespace of its own, and a way out.

guest eth0 -- br0 in the namespace -- up0 10.99.0.2 -- 10.99.0.1 devcloud0 on this machine -- translated -- outside

What this machine serves on 127.0.0.1, guests reach at 10.99.0.1 by TCP at the same port. Where a cloud has its metadata service
answers the bed's registry, which knows no metadata: so that it can be seen who gets there.
"""

import pathlib
import shutil
import subprocess
from typing import Any

from spec import NAMESPACE, Spec

_UPLINK, _HERE, _THERE = "devcloud0", "10.99.0.1", "10.99.0.2"
_RULES = f"""
table ip {NAMESPACE}
delete table ip {NAMESPACE}
table ip {NAMESPACE} {{
  chain prerouting {{ type nat hook prerouting priority dstnat;
    iifname "{_UPLINK}" ip daddr {_HERE} meta l4proto tcp dnat to 127.0.0.1
  }}
  chain postrouting {{ type nat hook postrouting priority srcnat;
    ip saddr {_THERE} oifname != "{_UPLINK}" masquerade
    ip saddr 127.0.0.0/8 oifname "{_UPLINK}" masquerade
  }}
  chain forward {{ type filter hook forward priority filter;
    tcp flags syn tcp option maxseg size set rt mtu
  }}
}}
"""
_RULES_THERE = f"""
table ip {NAMESPACE} {{
  chain prerouting {{ type nat hook prerouting priority dstnat;
    iifname br0 ip daddr 169.254.169.254 tcp dport 80 dnat to {_HERE}:5081
  }}
  chain postrouting {{ type nat hook postrouting priority srcnat;
    oifname up0 masquerade
  }}
}}
"""
_FLOATING = f"{NAMESPACE}_floating"  # Neutron's driver writes this table


def up() -> None:
    """All of it that is not there."""
    if not pathlib.Path("/run/netns", NAMESPACE).exists():
        _make_bridge()
    _run("sysctl", "-qw", "net.ipv4.ip_forward=1", f"net.ipv4.conf.{_UPLINK}.route_localnet=1")
    _nft(_RULES)
    if shutil.which("iptables"):  # a Docker of this machine drops what it does not forward itself
        for direction in ("-i", "-o"):
            rule = ("FORWARD", direction, _UPLINK, "-j", "ACCEPT")
            if _tried("iptables", "-C", *rule):
                _run("iptables", "-I", *rule)


def _make_bridge() -> None:
    _ip("netns", "add", NAMESPACE)
    _ip("link", "set", "lo", "up", there=NAMESPACE)
    _ip("link", "add", "br0", "type", "bridge", there=NAMESPACE)
    _ip("link", "set", "br0", "up", there=NAMESPACE)
    _run("ip", "netns", "exec", NAMESPACE, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    _ip("link", "add", _UPLINK, "type", "veth", "peer", "name", "up0", "netns", NAMESPACE)
    for name, address, there in ((_UPLINK, _HERE, ""), ("up0", _THERE, NAMESPACE)):
        _ip("addr", "add", f"{address}/30", "dev", name, there=there)
        _ip("link", "set", name, "up", there=there)
    _ip("route", "add", "default", "via", _HERE, there=NAMESPACE)
    _nft(_RULES_THERE, "ip", "netns", "exec", NAMESPACE)


def down() -> None:
    """Nothing of it is left."""
    if shutil.which("iptables"):
        for direction in ("-i", "-o"):
            _tried("iptables", "-D", "FORWARD", direction, _UPLINK, "-j", "ACCEPT")
    for table in (NAMESPACE, _FLOATING):
        _nft(f"table ip {table}\ndelete table ip {table}")
    _tried("ip", "link", "del", _UPLINK)
    _tried("ip", "netns", "del", NAMESPACE)


def join(spec: Spec) -> None:
    """The guest's namespace and its ends at the bridge, with the addresses that Neutron chose."""
    leave(spec)
    own = spec.namespace
    _ip("netns", "add", own)
    _ip("link", "set", "lo", "up", there=own)
    for number, nic in enumerate(spec.nics):
        name, mtu = f"eth{number}", str(nic.mtu)
        _ip("link", "add", nic.device, "netns", NAMESPACE, "mtu", mtu, "type", "veth",
            "peer", "name", name, "netns", own, "mtu", mtu, "address", nic.mac)  # fmt: skip
        _ip("link", "set", nic.device, "master", "br0", "up", there=NAMESPACE)
        _ip("addr", "add", nic.address, "dev", name, there=own)
        _ip("link", "set", name, "up", there=own)
        if nic.gateway:
            _ip("addr", "replace", nic.gateway_at_bridge, "dev", "br0", there=NAMESPACE)
            _ip("route", "replace", nic.host, "via", _THERE)
            if number == 0:
                _ip("route", "add", "default", "via", nic.gateway, there=own)


def leave(spec: Spec) -> None:
    """What `join` made goes; nothing happens where it is not."""
    for nic in spec.nics:
        _tried("ip", "-n", NAMESPACE, "link", "del", nic.device)
        _tried("ip", "route", "del", nic.host, "via", _THERE)
    _tried("ip", "netns", "del", spec.namespace)


def _ip(*words: str, there: str = "") -> None:
    _run("ip", *(("-n", there) if there else ()), *words)


def _nft(rules: str, *before: str) -> None:
    _run(*before, "nft", "-f", "-", input=rules, text=True)


def _run(*command: str, **options: Any) -> None:
    subprocess.run(command, check=True, **options)


def _tried(*command: str) -> int:
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode
