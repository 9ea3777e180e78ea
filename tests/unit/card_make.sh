#!/bin/sh
# card_make.sh DIRECTORY: keys, certificates and lists of revoked ones for tests of cards. The openssl command makes them, so
# that another hand than ours wrote what is judged. All are about the 1st of June 2026, whatever day it is.
set -eu
cd "$1"

cat > cards.cnf << 'END'
[req]
distinguished_name = nobody
string_mask = utf8only
[nobody]
[ca]
default_ca = authority
[authority]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
default_days = 365
default_crl_days = 30
policy = any
email_in_dn = yes
preserve = yes
unique_subject = no
crl_extensions = list
[any]
organizationName = optional
commonName = optional
UID = optional
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ancient]
[sub]
basicConstraints = critical,CA:true,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[deep]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[mute]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[mail]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
extendedKeyUsage = emailProtection
[narrow]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
nameConstraints = critical,permitted;dirName:here
[here]
O = Here
[person]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[smartcard]
keyUsage = critical,digitalSignature
extendedKeyUsage = emailProtection,1.3.6.1.4.1.311.20.2.2
[anything]
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = anyExtendedKeyUsage
[plain]
keyUsage = digitalSignature
[signer]
keyUsage = critical,nonRepudiation
[none]
basicConstraints = CA:false
[server]
keyUsage = digitalSignature
extendedKeyUsage = serverAuth
[strange]
keyUsage = digitalSignature
1.2.3.4 = critical,DER:0500
[point]
keyUsage = digitalSignature
crlDistributionPoints = URI:http://lists.example/1
[point2]
keyUsage = digitalSignature
crlDistributionPoints = URI:http://lists.example/2
[list]
authorityKeyIdentifier = keyid
[list_point]
issuingDistributionPoint = critical,@at_point
[at_point]
fullname = URI:http://lists.example/1
[list_users]
issuingDistributionPoint = critical,@users
[users]
onlyuser = TRUE
[list_authorities]
issuingDistributionPoint = critical,@authorities
[authorities]
onlyCA = TRUE
[list_reasons]
issuingDistributionPoint = critical,@reasons
[reasons]
onlysomereasons = keyCompromise
[list_indirect]
issuingDistributionPoint = critical,@indirect
[indirect]
indirectCRL = TRUE
[list_attributes]
issuingDistributionPoint = critical,@attributes
[attributes]
onlyAA = TRUE
[list_delta]
2.5.29.27 = critical,DER:020101
[list_strange]
1.2.3.4 = critical,DER:0500
END

echo 1000 > serial
begin=20250101000000Z
end=20300101000000Z

quiet() {
    "$@" > log 2>&1 || { cat log >&2; exit 1; }
}

key() { # NAME CURVE
    quiet openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key"
}

# A certificate for KEY, of the ISSUER: another's name, or - for itself.
certificate() { # NAME KEY ISSUER EXTENSIONS SUBJECT [DIGEST]
    : > index
    if [ "$3" = - ]; then by="-selfsign -keyfile $2.key"; else by="-cert $3.pem -keyfile $3.key"; fi
    quiet openssl req -new -config cards.cnf -utf8 -key "$2.key" -subj "$5" -out request
    # shellcheck disable=SC2086
    quiet openssl ca -batch -notext -config cards.cnf $by -in request -out "$1.pem" -extensions "$4" \
        -startdate "$begin" -enddate "$end" -md "${6:-sha256}"
}

authority() { # NAME ISSUER EXTENSIONS SUBJECT
    key "$1" P-256
    certificate "$1" "$1" "$2" "$3" "$4"
}

# A list of the ISSUER's. What it revokes: CERTIFICATE=REASON.
list() { # NAME ISSUER ISSUED NEXT EXTENSIONS DIGEST [CERTIFICATE=REASON...]
    name=$1 issuer=$2 issued=$3 next=$4 extensions=$5 digest=$6
    shift 6
    : > index
    for entry; do
        number=$(openssl x509 -in "${entry%=*}.pem" -noout -serial)
        printf 'R\t400101000000Z\t250601000000Z,%s\t%s\tunknown\t/CN=somebody\n' "${entry#*=}" "${number#*=}" >> index
    done
    quiet openssl ca -gencrl -config cards.cnf -cert "$issuer.pem" -keyfile "$issuer.key" -crlexts "$extensions" \
        -crl_lastupdate "$issued" -crl_nextupdate "$next" -md "$digest" -out "$name.crl"
}

# -- authorities ------------------------------------------------------------------------------

authority root - root "/O=Ministry/CN=Root"
authority root2 - root "/O=Others/CN=Root 2"
begin=20100101000000Z end=20200101000000Z authority root_past - root "/O=Ministry/CN=Root of the past"
begin=20250101000000Z end=20300101000000Z
authority ancient - ancient "/O=Ministry/CN=Before there were extensions"
authority sub root sub "/O=Ministry/CN=Cards"
begin=20200101000000Z end=20260101000000Z certificate a_sub_past sub root sub "/O=Ministry/CN=Cards"
begin=20250101000000Z end=20300101000000Z
authority sub2 root sub "/O=Ministry/CN=Cards"    # the same one with a new key
authority twin root2 sub "/O=Ministry/CN=Cards"   # the same name, by somebody else
authority deep sub deep "/O=Ministry/CN=Deeper"
authority mute root mute "/O=Ministry/CN=Mute"
authority mail root mail "/O=Ministry/CN=Mail"
authority narrow root narrow "/O=Ministry/CN=Narrow"
quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key
certificate weak weak root sub "/O=Ministry/CN=Weak"

# -- people -----------------------------------------------------------------------------------

key person P-256
key other P-256
ann="/O=Hospital/CN=Ann/UID=ann"
certificate good person sub person "$ann"
certificate second person sub person "$ann"
certificate direct person root person "$ann"
certificate other other sub person "/O=Hospital/CN=Bob/UID=bob"
certificate smartcard person sub smartcard "$ann"
certificate anything person sub anything "$ann"
certificate plain person sub plain "$ann"
certificate signer person sub signer "$ann"
certificate none person sub none "$ann"
certificate server person sub server "$ann"
certificate strange person sub strange "$ann"
certificate point person sub point "$ann"
certificate point2 person sub point2 "$ann"
certificate sha1 person sub person "$ann" sha1
certificate of_twin person twin person "$ann"
certificate of_deep person deep person "$ann"
certificate of_mute person mute person "$ann"
certificate of_mail person mail person "$ann"
certificate of_weak person weak person "$ann"
certificate of_ancient person ancient plain "$ann"
certificate of_past person root_past person "$ann"
certificate here person narrow person "/O=Here/CN=Ann"
certificate there person narrow person "/O=There/CN=Ann"
certificate itself person - person "$ann"
certificate able person sub sub "$ann"
cp person.key good.key
certificate below other good person "/O=Hospital/CN=Bob"
begin=20200101000000Z end=20260531235959Z certificate expired person sub person "$ann"
begin=20260601000001Z end=20300101000000Z certificate early person sub person "$ann"
begin=20200101000000Z end=20260501000000Z certificate expired_gone person sub person "$ann"
begin=20250101000000Z end=20300101000000Z

quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa2.key
quiet openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss.key
quiet openssl genpkey -algorithm ED25519 -out ed25519.key
quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out described.key
key p384 P-384
key p521 P-521
key p224 P-224
key koblitz secp256k1
for name in rsa rsa2 pss p384 p521 p224 koblitz described; do
    certificate "$name" "$name" sub person "$ann"
done
certificate ed25519 ed25519 sub person "$ann"
certificate small weak sub person "$ann"

# -- lists ------------------------------------------------------------------------------------

certificate gone person sub person "$ann"
certificate held person sub person "$ann"
certificate back person sub person "$ann"
now="20260501000000Z 20260701000000Z"
old="20260101000000Z 20260201000000Z"
# shellcheck disable=SC2086
{
    list root root $now list sha256
    list root_old root $old list sha256
    list root_sub root $now list sha256 sub=CACompromise
    list root_mute root $now list sha256
    list root2 root2 $now list sha256
    list sub sub $now list sha256
    list sub_old sub $old list sha256 gone=keyCompromise
    list sub_future sub 20260901000000Z 20261001000000Z list sha256 gone=keyCompromise
    list sub_soon sub 20260601000200Z 20260701000000Z list sha256
    list sub_gone sub $now list sha256 gone=keyCompromise held=certificateHold back=removeFromCRL expired_gone=superseded sha1=unspecified
    list sub_sha1 sub $now list sha1 gone=keyCompromise
    list sub_point sub $now list_point sha256 gone=keyCompromise
    list sub_users sub $now list_users sha256
    list sub_authorities sub $now list_authorities sha256 gone=keyCompromise
    list sub_reasons sub $now list_reasons sha256
    list sub_indirect sub $now list_indirect sha256
    list sub_attributes sub $now list_attributes sha256
    list sub_delta sub $now list_delta sha256 gone=keyCompromise back=removeFromCRL
    list sub_strange sub $now list_strange sha256 gone=keyCompromise
    list sub2 sub2 $now list sha256 gone=keyCompromise
    list twin twin $now list sha256 good=keyCompromise
    list mute mute $now list sha256
    list mail mail $now list sha256
    list narrow narrow $now list sha256
    list weak weak $now list sha256
}
