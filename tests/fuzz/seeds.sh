#!/bin/sh
# seeds.sh SOURCE DIRECTORY: what the fuzzers begin with, a directory for each of them: good files of every kind, and some that
# are nearly so.
set -eu
source=$1
mkdir -p "$2"
cd "$2"

seed() { # TARGET NAME: standard input
    mkdir -p "$1"
    cat > "$1/$2"
}
say() { # TARGET NAME TEXT
    printf "$3" | seed "$1" "$2"
}
key=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
hex=3132333435363738393031323334353637383930

say base32 plain $key
say base32 padded 'mzxw 6ytb-oi======'
say code digits '123 456'
say code wide '１２３ー４５６'
say code recovery 'k7xqm-3npwd'
say record sha256 "totp-1 sha256 6 30 $key"
say record sha512 "totp-1 sha512 8 60 $key"
say date day 2027-04-01
say date local '2026-11-21 08:00:30'
say date utc 2026-11-21T08:53:58.120Z
say date zone '2026-11-21T08:00:00+09:00'
say uri all "otpauth://totp/medgl:y%%40x?secret=$key&issuer=a+b&algorithm=SHA256&digits=8&period=60"
say uri least "otpauth://totp/?secret=$key"
say users all "# x\nHOTP/T30/6\ty\t-\t$hex\t0\t081804\t2005-03-18T01:58:29L\nHOTP/T60 z + $hex\nHOTP/E a - $hex 7\n"
say google all "$key\n\" RATE_LIMIT 3 30 1111111111\n\" STEP_SIZE 60\n\" DISALLOW_REUSE 37 38\n\" TIME_SKEW -4\n\" TOTP_AUTH\n12345678\n"
say google counted "$key\n\" HOTP_COUNTER 1\n12345678\n"
# On both sides of what fits: libFuzzer is slow to grow.
long=$(printf '%0120d' 0)
for more in '' $hex; do
    line=$long$long$long$long$long$long$long$long$more$more
    say uri "long$more" "otpauth://totp/$long$more?secret=$key$key$key$key$key$key${more:+$key}&issuer=$long$more&x=$long"
    say users "long$more" "HOTP/T30 $long$more - $hex\nHOTP/T30 y - $hex$hex$hex$hex$hex$hex$more\n# $line\n"
    say google "long$more" "$key$key$key$key$key$key\n\" X $line\n\" TOTP_AUTH\n"
    say base32 "long$more" $key$key$key$key$key$key${more:+$key}
done

package() { # DATA
    cat << END
<KeyPackage><DeviceInfo><SerialNo>26001</SerialNo></DeviceInfo>
<Key Id="1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"><AlgorithmParameters><Suite>HMAC-SHA256</Suite>
<ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters><Data><Secret>$1</Secret>
<Time><PlainValue>0</PlainValue></Time><TimeInterval><PlainValue>60</PlainValue></TimeInterval>
<TimeDrift><PlainValue>-4</PlainValue></TimeDrift></Data><UserId>UID=jsmith,DC=net</UserId>
<Policy><KeyUsage>OTP</KeyUsage><PINPolicy PINUsageMode="Local"/></Policy></Key></KeyPackage>
END
}
cipher() { # VALUE
    echo "<x:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/>"
    echo "<x:CipherData><x:CipherValue>$1</x:CipherValue></x:CipherData>"
}
container() { # ENCRYPTION MAC-KEY SECRET
    echo '<?xml version="1.0" encoding="UTF-8"?>'
    echo '<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc" xmlns:x="http://www.w3.org/2001/04/xmlenc#">'
    [ -z "$1" ] || echo "<EncryptionKey>$1</EncryptionKey><MACMethod" \
        "Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\"><MACKey>$(cipher "$2")</MACKey></MACMethod>"
    package "$3"
    echo '</KeyContainer>'
}
encrypted() { # VALUE MAC
    echo "<EncryptedValue>$(cipher "$1")</EncryptedValue><ValueMAC>$2</ValueMAC>"
}
# RFC 6030, figures 6 and 7.
derived="<DerivedKey><KeyDerivationMethod><PBKDF2-params><Salt><Specified>Ej7/PEpyEpw=</Specified></Salt>
<IterationCount>1000</IterationCount><KeyLength>16</KeyLength><PRF/></PBKDF2-params></KeyDerivationMethod></DerivedKey>"
container '' '' '<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue>' | seed pskc plain
container '<KeyName>a</KeyName>' ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX \
    "$(encrypted AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv Su+NvtQfmvfJzF6bmQiJqoLRExc=)" |
    seed pskc key
container "$derived" 2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx \
    "$(encrypted oTvo+S22nsmS2Z/RtcoF8Hfh+jzMe0RkiafpoDpnoZTjPYZu6V+A4aEn032yCr4f LP6xMvjtypbfT9PdkJhBZ+D6O4w=)" |
    seed pskc password
say pskc doctype '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><KeyContainer>&x;</KeyContainer>'

# Certificates are made once: that takes seconds.
if [ ! -e made/done ]; then
    rm -rf made && mkdir made
    sh "$source/tests/unit/card_make.sh" "$PWD/made" > made/log 2>&1
    : > made/done
fi
for name in good rsa p384 ed25519 expired gone root sub; do
    [ -e "made/$name.pem" ] || continue
    openssl x509 -in "made/$name.pem" -outform DER | seed certificate "$name"
    hash=$(openssl x509 -in "made/$name.pem" -noout -fingerprint -sha256 | sed 's/.*=//' | tr -d : | tr A-F a-f)
    for rule in "certificate:$hash" "serial:$hash:1001" "subject:CN:$hash:$name"; do
        { echo "$rule"; cat "made/$name.pem"; } | seed match "$name-${rule%%:*}"
    done
    [ ! -e made/sub.crl ] || cat made/root.pem made/sub.pem made/root.crl made/sub.crl "made/$name.pem" | seed trust "$name"
done
seed certificate pem < made/good.pem
openssl crl -in made/root.crl -outform DER | seed trust crl

# Envelopes to the one key that the fuzzer has, which stands in its source; small ones, for every byte counts.
sed -n 's/.*"\(.*\)\\n".*/\1/p' "$source/tests/fuzz/documents.c" > made/envelope.key
openssl req -x509 -sha256 -new -key made/envelope.key -subj /CN=e -days 3650 -out made/envelope.pem
[ -e made/wide.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -keyout made/wide.key -subj /CN=w -days 3650 -out made/wide.pem 2> made/log
seed readers ec < made/envelope.pem
cat made/envelope.pem made/wide.pem | seed readers two
cat made/envelope.pem made/envelope.key | seed readers key
for cipher in aes256 aes128 des3; do
    for form in '' -stream -keyid; do
        for to in '' made/wide.pem; do
            # shellcheck disable=SC2086
            printf 'sealed, and opened again' | openssl cms -encrypt -binary $form -$cipher -outform DER -recip made/envelope.pem \
                ${to:+-recip $to -keyopt rsa_padding_mode:oaep} | seed envelope "$cipher$form${to:+-two}"
        done
    done
done
say document jpeg '\377\330\377\340\000\020JFIF'
say document png '\211PNG\r\n\032\n\000\000\000\rIHDR'
say document pdf '%%PDF-1.7\n'
say document tiff 'II*\000\010\000\000\000\001\000'
say document tiff-big 'MM\000*\000\000\000\010\000\001'
say document heic '\000\000\000\020ftypheic\000\000\000\000'
say document webp 'RIFF\044\000\000\000WEBPVP8 '

# Entries of the ledger, plain ones and ones at the edge of what may be.
say entry login '{"seq":7,"time":"2026-11-21T08:53:58.120Z","clock":"synchronised","origin":"ward3.example","kind":"login.success","actor":{"uid":-1,"name":""},"subject":{"account":"0123456789abcdef0123456789abcdef","name":"sato"},"details":{"service":"sshd","factor":"0123","step":58841234,"counted":true}}'
say entry setup '{"seq":0,"time":"2024-02-29T23:59:59.999Z","clock":"unsynchronised","origin":"x","kind":"setup","actor":{"uid":0,"name":"root"},"subject":null,"details":{}}'
say entry escapes '{"seq":9223372036854775807,"time":"1970-01-01T00:00:00.000Z","clock":"synchronised","origin":"x","kind":"alert.raise","actor":{"uid":1000,"name":"a\\"b\\\\"},"subject":null,"details":{"text":"\346\227\245\346\234\254 \\"x\\"","n":-1,"b":false}}'
