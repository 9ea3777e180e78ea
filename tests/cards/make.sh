# What the tests of smartcards need, made anew: issuers, their lists of revoked certificates, cards.
#   sh make.sh DIRECTORY
# makes DIRECTORY/trust (of the issuer "ca"; "other" is trusted by nobody), DIRECTORY/cards/NAME for a card of each name below,
# and DIRECTORY/certificates/NAME.pem. A card is put into a reader by a copy of cards/NAME/* in its tokens/.
# Their PIN is 123456, or what CARD_PIN says.
set -e
umask 022
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
pin=${CARD_PIN:-123456}
module=/usr/lib/softhsm/libsofthsm2.so
for place in /usr/lib/softhsm /usr/lib64/pkcs11; do
    [ ! -e "$place/libsofthsm2.so" ] || module=$place/libsofthsm2.so
done

# authority NAME
authority() {
    mkdir -p "$1/new"
    : > "$1/index.txt"
    echo 1000 > "$1/serial"
    echo 01 > "$1/crlnumber"
    cat > "$1/openssl.cnf" << END
[ca]
default_ca = this
[this]
dir = $PWD/$1
database = \$dir/index.txt
serial = \$dir/serial
crlnumber = \$dir/crlnumber
new_certs_dir = \$dir/new
certificate = \$dir/ca.pem
private_key = \$dir/ca.key
default_md = sha256
default_days = 365
policy = any
unique_subject = no
x509_extensions = card
[any]
countryName = optional
organizationName = optional
commonName = supplied
UID = optional
serialNumber = optional
emailAddress = optional
[card]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
[encryption]
basicConstraints = CA:FALSE
keyUsage = critical,keyEncipherment
[req]
distinguished_name = none
[none]
END
    openssl req -x509 -new -newkey rsa:2048 -nodes -keyout "$1/ca.key" -out "$1/ca.pem" -days 3650 -subj "/O=Test/CN=$1" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2> /dev/null
}

# key NAME KIND
key() {
    case $2 in
    rsa) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "keys/$1.pem" 2> /dev/null ||
        openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "keys/$1.pem" 2> /dev/null ;;
    ec) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "keys/$1.pem" ;;
    esac
    openssl pkey -in "keys/$1.pem" -outform DER -out "keys/$1.der"
}

# issue NAME AUTHORITY [OPTION...]: with keys/NAME
issue() {
    name=$1
    authority=$2
    shift 2
    openssl req -new -key "keys/$name.pem" -subj "/O=Test/UID=$name/CN=${name%-*}" -out "keys/$name.csr"
    openssl ca -batch -notext -config "$authority/openssl.cnf" -in "keys/$name.csr" -out "certificates/$name.pem" "$@" 2> /dev/null
    openssl x509 -in "certificates/$name.pem" -outform DER -out "certificates/$name.der"
}

# tool ARGUMENT...: at the card that is being made
tool() {
    pkcs11-tool --module "$module" --token-label "$card" --login --pin $pin "$@" > /dev/null 2>> pkcs11-tool.log
}

# begin CARD; hold ID KEY CERTIFICATE
begin() {
    card=$1
    mkdir -p "cards/$card"
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$PWD/cards/$card" > softhsm2.conf
    SOFTHSM2_CONF=$PWD/softhsm2.conf
    export SOFTHSM2_CONF
    softhsm2-util --module "$module" --init-token --free --label "$card" --pin $pin --so-pin 12345678 > /dev/null
}
hold() {
    tool --write-object "keys/$2.der" --type privkey --id "$1" --label "$2" --usage-sign
    tool --write-object "certificates/$3.der" --type cert --id "$1" --label "$3"
}

mkdir -p keys certificates trust cards
authority ca
authority other
for name in alice-rsa bob-rsa; do key $name rsa; done
for name in alice-ec carol-ec revoked-ec expired-ec early-ec stranger-ec usage-ec; do key $name ec; done
for name in alice-rsa alice-ec bob-rsa carol-ec revoked-ec; do issue $name ca; done
issue expired-ec ca -startdate 20200101000000Z -enddate 20210101000000Z
issue early-ec ca -startdate 20960101000000Z -enddate 20970101000000Z
issue usage-ec ca -extensions encryption
issue stranger-ec other
openssl ca -config ca/openssl.cnf -revoke certificates/revoked-ec.pem 2> /dev/null
openssl ca -config ca/openssl.cnf -gencrl -crldays 30 -out trust/ca.crl 2> /dev/null
openssl ca -config ca/openssl.cnf -gencrl -crl_lastupdate 20240101000000Z -crl_nextupdate 20240201000000Z \
    -out old.crl 2> /dev/null
cp ca/ca.pem trust/ca.pem

for name in alice-rsa alice-ec bob-rsa carol-ec revoked-ec expired-ec early-ec stranger-ec usage-ec; do
    begin $name
    hold 01 $name $name
done
begin wrongkey-ec # the certificate of another key
hold 01 carol-ec alice-ec
begin two # certificates of two people
hold 01 bob-rsa bob-rsa
hold 02 alice-ec alice-ec
for kind in rsa ec; do # each signature wants the PIN again
    begin always-$kind
    tool --write-object keys/alice-$kind.der --type privkey --id 01 --label alice --usage-sign --always-auth
    tool --write-object certificates/alice-$kind.der --type cert --id 01 --label alice
done
begin bare # a key without a certificate
tool --write-object keys/alice-ec.der --type privkey --id 01 --label bare --usage-sign
begin keyless # a certificate without a key
tool --write-object certificates/alice-ec.der --type cert --id 01 --label keyless
