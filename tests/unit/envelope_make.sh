#!/bin/sh
# envelope_make.sh DIRECTORY: private keys and certificates for tests of envelopes, by the openssl command.
set -eu
cd "$1"
make() { # NAME KEY-OPTIONS... [-- REQ-OPTIONS...]
    name=$1
    shift
    options=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        options="$options $1"
        shift
    done
    [ $# -eq 0 ] || shift
    # shellcheck disable=SC2086
    openssl genpkey -quiet $options -out "$name.key" 2> /dev/null || openssl genpkey $options -out "$name.key" 2> /dev/null
    openssl req -new -x509 -sha256 -key "$name.key" -out "$name.pem" -days 30 -subj "/CN=$name" "$@"
}
curve() { echo "-algorithm EC -pkeyopt ec_paramgen_curve:$1"; }
rsa() { echo "-algorithm RSA -pkeyopt rsa_keygen_bits:$1"; }
{
    make rsa $(rsa 3072)
    make other $(rsa 2048)
    make short $(rsa 1024)
    make p256 $(curve P-256)
    make p384 $(curve P-384)
    make p521 $(curve P-521)
    make koblitz $(curve secp256k1)
    make edwards -algorithm ED25519
    make pss -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
    make signs $(rsa 2048) -- -addext keyUsage=digitalSignature
    make agrees $(curve P-256) -- -addext keyUsage=digitalSignature,keyAgreement
    make wraps $(rsa 2048) -- -addext keyUsage=keyEncipherment
    make unfit $(curve P-256) -- -addext keyUsage=keyEncipherment
    openssl pkey -in rsa.key -aes256 -passout pass:Mado-wo-akeru -out locked.key
    openssl pkey -in p384.key -aes256 -passout pass:Mado-wo-akeru -out locked_p384.key
    openssl ec -in p256.key -out old_p256.key # "EC PRIVATE KEY"
    openssl rsa -in rsa.key -traditional -out old_rsa.key
    openssl pkey -in rsa.key -pubout -out public.key
} 2>&1
cat rsa.pem p384.pem > two.pem
cat p256.pem rsa.pem p521.pem other.pem > four.pem
cat rsa.pem short.pem > second_short.pem
cat rsa.pem rsa.key > with_key.pem
i=0 && while [ $i -lt 16 ]; do cat rsa.pem; i=$((i + 1)); done > sixteen.pem
cat sixteen.pem p256.pem > seventeen.pem
: > empty.pem
echo "no certificate here" > text.pem
sed '5s/[A-Za-z]/*/' rsa.pem > malformed.pem
{ cat p256.pem && head -n 4 rsa.pem; } > cut.pem
python3 - << 'END' > damaged.pem # other.pem with an even number for its modulus
import ssl
der = bytearray(ssl.PEM_cert_to_DER_cert(open("other.pem", encoding="ascii").read()))
der[der.index(b"\x02\x82\x01\x01\x00") + 4 + 256] &= 0xFE
print(ssl.DER_cert_to_PEM_cert(bytes(der)), end="")
END
{ echo "# the auditor's"; openssl x509 -in p384.pem -text; } > commented.pem
cat p384.pem p384.key > both.key
head -c 300000 /dev/urandom > plain
