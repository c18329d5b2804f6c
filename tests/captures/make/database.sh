#!/bin/bash
# PostgreSQL, MariaDB (log-in, wrong password, query) and TDS (FreeTDS client, small responder of ours).
. "$(dirname "$0")/lab.sh"
lab_up db db1 lis1 ehr1 ris1
PG=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
mkdir "$WORK/pg" "$WORK/my"; chown postgres "$WORK/pg"; chown mysql "$WORK/my"
echo secret >"$WORK/pg/pw"; chown postgres "$WORK/pg/pw"
runuser -u postgres -- "$PG/initdb" -D "$WORK/pg/data" -A scram-sha-256 --pwfile="$WORK/pg/pw" >"$WORK/initdb.log" 2>&1 || tail -3 "$WORK/initdb.log"
echo "host all all 10.20.30.0/24 scram-sha-256" >>"$WORK/pg/data/pg_hba.conf"
span_start pg
serve db1 runuser -u postgres -- "$PG/postgres" -D "$WORK/pg/data" -p 5432 -k "$WORK/pg" -c listen_addresses='*'
until_tcp db1 5432
step "query" env PGPASSWORD=secret timeout 8 ip netns exec "$LAB-lis1" psql -h "$(ip_of db1)" -U postgres -c "select version()" "dbname=postgres application_name=NorthLIS-7.4 sslmode=disable"
step "wrong password" sh -c "! PGPASSWORD=no timeout 8 ip netns exec $LAB-lis1 psql -h $(ip_of db1) -U lis -c 'select 1' 'dbname=postgres sslmode=disable'"
span_stop; end_host db1
keep remote/postgresql.pcap "arp or tcp port 5432"
mysql_install_db --no-defaults --user=mysql --datadir="$WORK/my/data" --auth-root-authentication-method=normal >/dev/null 2>&1
cat >"$WORK/my/init.sql" <<'E'
CREATE USER 'ris'@'%' IDENTIFIED BY 'secret';
GRANT ALL ON *.* TO 'ris'@'%';
E
chmod 644 "$WORK/my/init.sql"
span_start my
serve db1 mariadbd --no-defaults --user=mysql --datadir="$WORK/my/data" --socket="$WORK/my/s" --pid-file="$WORK/my/p" --port=3306 --bind-address=0.0.0.0 --init-file="$WORK/my/init.sql" --skip-name-resolve
until_tcp db1 3306
step "query" on ris1 mariadb --no-defaults --skip-ssl -h "$(ip_of db1)" -u ris -psecret -e "select version()"
step "wrong password" sh -c "! timeout 8 ip netns exec $LAB-ris1 mariadb --no-defaults -h $(ip_of db1) -u ris -pno -e 'select 1'"
span_stop; end_host db1
keep remote/mysql.pcap "arp or tcp port 3306"
span_start tds
serve db1 "$PY" "$PEERS/tds_responder.py" 1433 DB01 1
until_tcp db1 1433
step "log in with FreeTDS" sh -c "echo quit | TDSVER=7.4 timeout 8 ip netns exec $LAB-ehr1 unshare -u sh -c 'hostname ehr01; exec tsql -H $(ip_of db1) -p 1433 -U ehr -P secret' ; true"
span_stop
keep remote/tds.pcap "arp or tcp port 1433"
