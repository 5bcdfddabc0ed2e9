# Read by the other scripts: ids, with nothing but a POSIX shell.

hyphened() {
    sed -E 's/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/\1-\2-\3-\4-\5/'
}

new_id() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | hyphened
}

# A key is msk_<practice>_<connection>_<secret>.
PRACTICE_ID=$(printf '%s' "$MAINSTAY_KEY" | cut -d_ -f2 | hyphened)
