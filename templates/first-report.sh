printf 'binderops: {"v":1,"n":0,"t":"%s","phase":"setup","msg":"The instance starts"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >/dev/console
