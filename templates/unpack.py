import bz2, pathlib, sys
for entry in bz2.open(sys.argv[1]).read().split(b"\0"):
    name, _, content = entry.partition(b"\n")
    file = pathlib.Path(sys.argv[2], name.decode())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
