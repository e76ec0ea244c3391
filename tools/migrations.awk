# Turns migrations into C: awk -f tools/migrations.awk store/migrations/*/*.sql, sorted by name.
# A line "-- readable-from: N" says that programs that know fewer than N migrations may not open the database any more.
BEGIN { print "#include \"store/db.h\"\n" }
FNR == 1 {
    if (NR > 1)
        finish()
    n = split(FILENAME, part, "/")
    if (part[n] !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+\.sql$/) {
        print FILENAME ": not named NNNN_name.sql" > "/dev/stderr"
        exit 1
    }
    version = substr(part[n], 1, 4) + 0
    name = substr(part[n], 6, length(part[n]) - 9)
    if (part[n - 1] != database) {
        if (database != "")
            print "};"
        database = part[n - 1]
        printf "const dd_migration dd_migrations_%s[] = {\n", database
        last = 0
    }
    if (version != last + 1) {
        print FILENAME ": migrations are numbered without gaps" > "/dev/stderr"
        exit 1
    }
    last = version
    readable = 1
    sql = ""
}
/^-- readable-from: [0-9]+$/ { readable = $3 }
/^ *--/ || /^ *$/ { next }
{
    gsub(/\\/, "\\\\")
    gsub(/"/, "\\\"")
    sql = sql "      \"" $0 "\\n\"\n"
}
function finish() { printf "    { %d, %d, \"%s\",\n%s    },\n", version, readable, name, sql; counts[database]++ }
END {
    if (NR == 0)
        exit 1
    finish()
    print "};"
    for (d in counts)
        printf "const size_t dd_n_migrations_%s = %d;\n", d, counts[d]
}
