# medgl-ledger(5) lists every kind, every detail and every reason that the sources write, and no others.
page=${top_srcdir:?}/man/medgl-ledger.5
count=0 failed=0
same() { # NAME FROM_THE_SOURCES FROM_THE_PAGE
    count=$((count + 1))
    if [ -n "$2" ] && [ "$2" = "$3" ]; then
        echo "ok $count - $1"
    else
        failed=1
        echo "not ok $count - $1"
        printf '# sources: %s\n# page: %s\n' "$(echo $2)" "$(echo $3)"
    fi
}
# What stands between two lines of the page.
section() { # FROM TO
    awk -v from="$1" -v to="$2" 'index($0, from) == 1 { inside = 1 } inside && index($0, to) == 1 { exit } inside' "$page"
}
words() { tr -s ' ,' '\n\n' | sort -u; }

# One call a line, whatever the formatting; string literals are all that is left of it. reset_text() passes its names on.
sources=$(cat "$top_srcdir"/operation/*.c | tr -s ' \n' '  ')
written='(ledger_entry_(text|number|bool|time)|reset_text)\(&?[a-z]+, '
details=$(echo "$sources" | grep -oE "$written\"[a-z0-9_]+\"" | sed 's/.*"\(.*\)"/\1/' | sort -u)
calls=$(echo "$sources" | grep -oE "$written" | wc -l)
named=$(echo "$sources" | grep -oE "$written(\"|name, text\);)" | wc -l)
same "every call names its detail" "$((calls))" "$((named))"
same "every detail has its meaning" "$details" "$(section 'They mean:' '.El' | sed -n 's/^\.It Sy //p' | sort -u)"
table=$(section 'Entries of these kinds' '.El' | grep '^\.It ')
same "every detail belongs to a kind" "$details" \
    "$({ echo actor_asserted; echo "$table" | sed 's/.* Ta Sy //'; } | words)"
same "every kind has its details" \
    "$(sed -n 's/^ *X([A-Z_]*, "\([a-z.]*\)",.*/\1/p' "$top_srcdir/ledger/entry.h" | sort -u)" \
    "$(echo "$table" | sed 's/^\.It \([^ ]*\) .*/\1/' | sort -u)"
same "every reason has its meaning" \
    "$(awk '/^const char \*login_reason_word/, /^}/' "$top_srcdir/policy/login.c" | grep -o '"[^"]*"' | tr -d '"' |
        grep -v '^ok$' | sort -u)" \
    "$(section 'The words of' '.El' | sed -n 's/^\.It Li //p' | sort -u)"
echo "1..$count"
exit $failed
