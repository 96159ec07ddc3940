# boot.sh BASE FOLDER NAME: becomes the guest's systemd. Runs in the guest's namespaces as their first process, with the
# console as its standard input.
set -e
base=$1 folder=$2 root=$2/root
read -r pid _ </proc/self/stat # as the machine outside counts
console=$(tty)
hostname "$3"
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$base,upperdir=$folder/upper,workdir=$folder/work" "$root"
cd "$root"
mkdir -p var/lib/docker
mount --bind "$folder/docker" var/lib/docker # an overlay of Docker cannot lie on an overlay
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm dev/net
for node in null zero full random urandom tty fuse net/tun; do
  if [ -e "/dev/$node" ]; then
    touch "dev/$node"
    mount --bind "/dev/$node" "dev/$node"
  fi
done
for node in console ttyS0; do
  touch "dev/$node"
  mount --bind "$console" "dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
echo "$pid" >"$folder/init.pid"
pivot_root . mnt
umount -l /mnt
exec env -i container=guest PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb /sbin/init --show-status=true
