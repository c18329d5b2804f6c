#!/bin/bash
# LDAP (slapd; root DSE, simple bind, search, wrong password) and Kerberos (krb5kdc; kinit, service ticket, unknown name).
. "$(dirname "$0")/lab.sh"
lab_up dir dc1 ws1 adm1
mkdir -p "$WORK/ldap"
cat >"$WORK/slapd.conf" <<E
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $WORK/slapd.pid
database mdb
suffix "dc=northhill,dc=example"
rootdn "cn=admin,dc=northhill,dc=example"
rootpw secret
directory $WORK/ldap
E
cat >"$WORK/tree.ldif" <<'E'
dn: dc=northhill,dc=example
objectClass: dcObject
objectClass: organization
o: Northhill General Hospital
dc: northhill

dn: ou=people,dc=northhill,dc=example
objectClass: organizationalUnit
ou: people

dn: uid=nurse7,ou=people,dc=northhill,dc=example
objectClass: inetOrgPerson
cn: Nurse Seven
sn: Seven
uid: nurse7
userPassword: ward
E
serve dc1 slapd -d 0 -f "$WORK/slapd.conf" -h "ldap://$(ip_of dc1):389"
until_tcp dc1 389
on dc1 ldapadd -x -H "ldap://$(ip_of dc1)" -D cn=admin,dc=northhill,dc=example -w secret -f "$WORK/tree.ldif" >/dev/null
export LDAPNOINIT=1
span_start ldap
url=ldap://$(ip_of dc1)
step "root DSE" on ws1 ldapsearch -x -H "$url" -s base -b "" "+" "*"
step "bind and search" on ws1 ldapsearch -x -H "$url" -D uid=nurse7,ou=people,dc=northhill,dc=example -w ward -b dc=northhill,dc=example "(uid=nurse7)" cn
step "wrong password" sh -c "! ip netns exec $LAB-adm1 ldapsearch -x -H $url -D uid=nurse7,ou=people,dc=northhill,dc=example -w no -b dc=northhill,dc=example"
span_stop
keep remote/ldap.pcap "arp or tcp port 389"
cat >"$WORK/krb5.conf" <<E
[libdefaults]
default_realm = NORTHHILL.EXAMPLE
dns_lookup_kdc = false
dns_lookup_realm = false
rdns = false
udp_preference_limit = 1400
[realms]
NORTHHILL.EXAMPLE = {
 kdc = $(ip_of dc1):88
}
E
cat >"$WORK/kdc.conf" <<E
[kdcdefaults]
kdc_ports = 88
kdc_tcp_ports = 88
[realms]
NORTHHILL.EXAMPLE = {
 database_name = $WORK/principal
 key_stash_file = $WORK/stash
 acl_file = $WORK/acl
}
E
export KRB5_CONFIG=$WORK/krb5.conf KRB5_KDC_PROFILE=$WORK/kdc.conf KRB5CCNAME=$WORK/cc
kdb5_util create -s -P master -r NORTHHILL.EXAMPLE >/dev/null 2>&1
kadmin.local -q "addprinc +requires_preauth -pw ward nurse7" >/dev/null 2>&1
kadmin.local -q "addprinc -randkey cifs/nas-rad.northhill.example" >/dev/null 2>&1
kadmin.local -q "addprinc -randkey host/nurse-icu3-2.northhill.example" >/dev/null 2>&1
kadmin.local -q "ktadd -k $WORK/ws1.keytab host/nurse-icu3-2.northhill.example" >/dev/null 2>&1
span_start krb
serve dc1 krb5kdc -n
until_udp dc1 88
step "log on" sh -c "echo ward | timeout 8 ip netns exec $LAB-ws1 kinit nurse7"
step "service ticket" on ws1 kvno cifs/nas-rad.northhill.example
step "host ticket of the workstation" on ws1 kinit -k -t "$WORK/ws1.keytab" -c "$WORK/cc2" host/nurse-icu3-2.northhill.example
step "unknown name" sh -c "! echo x | timeout 8 ip netns exec $LAB-adm1 kinit nobody7"
step "wrong password" sh -c "! echo x | timeout 8 ip netns exec $LAB-adm1 kinit nurse7"
span_stop
keep remote/kerberos.pcap "arp or port 88"
