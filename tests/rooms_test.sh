# The include directions between the rooms. A new upward or sideways arrow fails here, and so does a library that is
# included outside of the file or room that wraps it.

# arrows DIRECTORY: every forbidden #include in the rooms below it, one a line.
arrows() {
    (cd "$1" && find base policy factor ledger store operation engine admin pam_medgl -name '*.[ch]' \
        -exec grep -HE '^[[:space:]]*#[[:space:]]*include' {} + 2>/dev/null) | awk -F: '
        BEGIN {
            # Whom a room may include, besides itself and base.
            below["base"] = below["policy"] = below["factor"] = below["ledger"] = " "
            below["store"] = " ledger "
            below["operation"] = " policy factor ledger store "
            below["engine"] = below["admin"] = " operation policy factor ledger store "
            # Who may include a library: a pattern of files.
            owner["sqlite3"] = "^store/sqlite/"
            owner["argon2"] = "^factor/kdf\\.c$"
            owner["crypt"] = "^factor/crypted\\.c$"
            owner["passwdqc"] = "^factor/quality_passwdqc\\.c$"
            owner["libeconf"] = owner["libeconf_ext"] = "^policy/load\\.c$"
            owner["jansson"] = "^ledger/"
            owner["libsmartcols"] = "^admin/output\\.c$"
            owner["openssl"] = "^(base|factor|ledger)/|^engine/card_token\\.c$"
            owner["libp11"] = owner["p11-kit"] = "^engine/card_token\\.c$"
            owner["liboath"] = "^factor/totp\\.c$"
            owner["libxml"] = "^factor/otp_pskc_xml\\.c$"
            owner["archive"] = owner["archive_entry"] = "^operation/backup_pack\\.c$"
            owner["qrencode"] = "^operation/qr\\.c$"
            owner["unistr"] = owner["unictype"] = owner["uninorm"] = owner["unicase"] = owner["uniwidth"] = "^(base|factor)/"
            owner["security"] = "^pam_medgl/"
        }
        function room_of(path) { sub("/.*", "", path); return path }
        function wrong(file, header, quoted,    room, other) {
            room = room_of(file)
            other = room_of(header)
            sub("\\.h$", "", other)
            if (header ~ /^openssl\/(x509|pem|cms|pkcs|ocsp|ts\.)/) # certificates
                return file !~ /^(factor\/card|ledger\/envelope|engine\/card_token\.c$)/
            if (other in owner)
                return file !~ owner[other]
            if (!quoted)
                return header ~ /^(base|policy|factor|ledger|store|operation|engine|admin|pam_medgl)\//
            if (header == "config.h") # the compiler is told to
                return 1
            if (file ~ /^engine\/wire\./)
                return header != "engine/wire.h"
            if (room == "pam_medgl")
                return header != "engine/wire.h" && other != room
            if (header ~ /^store\/.*\// && room != "store")
                return 1
            return other != room && other != "base" && index(below[room], " " other " ") == 0
        }
        {
            header = $2
            quoted = header ~ /"/
            gsub(/^[^"<]*["<]|[">].*$/, "", header)
            if (wrong($1, header, quoted))
                print $1 " includes " header
        }'
}

plan=0
failed=0
ok() { # NAME FOUND [EXPECTED]
    plan=$((plan + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $plan - $1"
    else
        failed=1
        echo "not ok $plan - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
    fi
}

ok "no room includes what stands above or beside it" "$(arrows "$top_srcdir")" ""

# This test can fail: each planted arrow is found, each good one is not.
planted=$(mktemp -d) || exit 1
trap 'rm -rf "$planted"' EXIT
while read -r verdict file header; do
    mkdir -p "$planted/$(dirname "$file")"
    echo "#include $header" > "$planted/$file"
    if [ "$verdict" = wrong ]; then
        bare=$(echo "$header" | tr -d '<>"')
        ok "found: $file -> $header" "$(arrows "$planted")" "$file includes $bare"
    else
        ok "allowed: $file -> $header" "$(arrows "$planted")" ""
    fi
    rm -f "$planted/$file"
done << 'EOF'
wrong base/text.c "policy/policy.h"
wrong policy/login.c "store/store.h"
wrong policy/login.c "factor/password.h"
wrong factor/totp.c "ledger/entry.h"
wrong ledger/entry.c "policy/policy.h"
wrong store/sqlite/open.c "operation/context.h"
wrong store/sqlite/open.c "policy/policy.h"
wrong operation/login.c "engine/wire.h"
wrong operation/login.c "store/sqlite/database.h"
wrong operation/login.c <sqlite3.h>
wrong engine/serve.c "admin/admin.h"
wrong engine/wire.c "base/auto.h"
wrong engine/wire.h "engine/serve.h"
wrong engine/serve.c <security/pam_modules.h>
wrong engine/card_main.c <libp11.h>
wrong operation/card_reader.c <p11-kit/pkcs11.h>
wrong engine/serve.c <openssl/evp.h>
wrong admin/account.c "engine/serve.h"
wrong admin/account.c <libsmartcols.h>
wrong pam_medgl/relay.c "base/log.h"
wrong pam_medgl/relay.c "engine/serve.h"
wrong pam_medgl/relay.c <openssl/evp.h>
wrong pam_medgl/relay.c "config.h"
wrong base/text.c "config.h"
wrong factor/password.c <argon2.h>
wrong factor/password.c <crypt.h>
wrong factor/quality.c <passwdqc.h>
wrong factor/seal.c <openssl/x509.h>
wrong operation/card.c <openssl/x509v3.h>
wrong ledger/note.c <openssl/pem.h>
wrong policy/keys.c <libeconf.h>
wrong factor/otp_uri.c <liboath/oath.h>
wrong operation/totp.c <liboath/oath.h>
wrong factor/otp_pskc.c <libxml/parser.h>
wrong operation/totp_import.c <libxml/tree.h>
wrong operation/totp.c <qrencode.h>
wrong operation/backup.c <archive.h>
wrong operation/backup_restore.c <archive_entry.h>
wrong store/sqlite/row.c <jansson.h>
wrong admin/output.c <jansson.h>
good base/crypto.c <openssl/evp.h>
good factor/crypted.c <crypt.h>
good factor/totp.c <liboath/oath.h>
good factor/otp_pskc_xml.c <libxml/tree.h>
good operation/qr.c <qrencode.h>
good operation/backup_pack.c <archive_entry.h>
good factor/card_trust.c <openssl/x509v3.h>
good store/sqlite/ledger.c "ledger/merkle.h"
good store/sqlite/open.c <sqlite3.h>
good operation/login.c "policy/login.h"
good engine/serve.c "operation/login.h"
good engine/serve.c <unistd.h>
good engine/card_token.c <libp11.h>
good engine/card_token.c <openssl/engine.h>
good admin/output.c <libsmartcols.h>
good pam_medgl/relay.c "engine/wire.h"
good pam_medgl/relay.c "pam_medgl/module.h"
EOF

echo "1..$plan"
exit $failed
