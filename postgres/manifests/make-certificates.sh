#!/bin/sh
# Make the authority and the certificates of the cluster with openssl, in a folder of your own:
#   sh postgres/manifests/make-certificates.sh FOLDER [NAMESPACE]
# Keeps an authority that is there, so that running it again renews what it signed. Keep authority.key
# away from the cluster. etcd's authority is its own; a certificate for the members is made for it
# where etcd-ca.crt and etcd-ca.key lie in the folder.
set -eu
umask 077

folder=${1:?"usage: make-certificates.sh FOLDER [NAMESPACE]"}
namespace=${2:-gardenos}
days=${DAYS:-365}
mkdir -p "$folder"
cd "$folder"

if [ ! -e authority.key ]; then
    openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 \
        -subj "/CN=gardenos postgres authority" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -keyout authority.key -out authority.crt 2>/dev/null
fi

# sign NAME SUBJECT ALTERNATIVE_NAMES AUTHORITY
sign() {
    extensions="basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
$3"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "$2" \
        -keyout "$1.key" -out "$1.csr" 2>/dev/null
    printf '%s\n' "$extensions" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$4.crt" -CAkey "$4.key" -CAcreateserial -days "$days" \
        -extfile "$1.ext" -out "$1.crt" 2>/dev/null
    rm "$1.csr" "$1.ext"
    openssl verify -CAfile "$4.crt" "$1.crt" >/dev/null
}

# every_name SERVICE: the service as pods of its namespace and of others call it.
every_name() {
    printf 'DNS:%s,DNS:%s.%s,DNS:%s.%s.svc,DNS:%s.%s.svc.cluster.local' \
        "$1" "$1" "$namespace" "$1" "$namespace" "$1" "$namespace"
}

names="DNS:localhost,IP:127.0.0.1"
for service in postgres-primary postgres-replica postgres-cluster; do
    names="$names,$(every_name "$service")"
done
for member in 0 1 2; do
    names="$names,$(every_name "postgres-cluster-$member.postgres-cluster")"
done
sign postgres /CN=postgres-cluster "subjectAltName=$names" authority
sign backup /CN=postgres-backup "subjectAltName=$(every_name postgres-repository)" authority
# Without a CN: etcd's gateway, through which Patroni speaks, refuses a certificate that has one.
if [ -e etcd-ca.key ]; then
    sign etcd-client "/O=gardenos postgres" "subjectAltName=DNS:postgres-cluster" etcd-ca
fi
