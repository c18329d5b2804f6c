#!/bin/bash
# HTTP (with a basic-auth realm), TLS 1.2 and 1.3 with device-like certificates, and HTTP/2 in the clear.
. "$(dirname "$0")/lab.sh"
lab_up web web1 cam1 pump2 prn1 mgr1 ws1 read1
"$PY" "$PEERS/certificates.py" "$WORK"
site() { # key, server blocks
    mkdir -p "$WORK/$1"
    cat >"$WORK/$1/nginx.conf" <<E
pid $WORK/$1/pid; error_log $WORK/$1/err; worker_processes 1; daemon off; events {}
http { access_log off; default_type text/html; client_body_temp_path $WORK/$1/t1; proxy_temp_path $WORK/$1/t2; fastcgi_temp_path $WORK/$1/t3; uwsgi_temp_path $WORK/$1/t4; scgi_temp_path $WORK/$1/t5;
$2
}
E
}
printf 'root:%s\n' "$(openssl passwd -apr1 pass)" >"$WORK/users"
site web1 "server { listen 80; server_name portal01.$DOMAIN; root $WORK/www; }
server { listen 443 ssl http2; ssl_certificate $WORK/portal.pem; ssl_certificate_key $WORK/portal.key; ssl_protocols TLSv1.2 TLSv1.3; location / { return 200 'portal'; } }"
site cam1 "server { listen 80; location / { auth_basic 'AXIS_ACCC8E447144'; auth_basic_user_file $WORK/users; root $WORK/cam; } }
server { listen 443 ssl; ssl_certificate $WORK/old.pem; ssl_certificate_key $WORK/old.key; ssl_protocols TLSv1.2; location / { return 200 'camera'; } }"
site pump2 "server { listen 443 ssl; ssl_certificate $WORK/pump.pem; ssl_certificate_key $WORK/pump.key; ssl_protocols TLSv1.2 TLSv1.3; location / { return 200 'pump'; } }"
site prn1 "server { listen 80; server_tokens off; root $WORK/prn; }"
mkdir -p "$WORK"/{www,cam,prn}
echo '<html><head><title>Northhill Clinical Portal</title><meta name="generator" content="WordPress 6.3.1"></head><body>Staff only</body></html>' >"$WORK/www/index.html"
echo '<html><head><title>AXIS P3245-LV Network Camera</title></head><body></body></html>' >"$WORK/cam/index.html"
echo '<html><head><title>Zebra Technologies ZTC ZD620-203dpi ZPL - D2J194201177</title></head><body></body></html>' >"$WORK/prn/index.html"
chmod -R a+rX "$WORK"
for key in web1 cam1 pump2 prn1; do serve $key nginx -c "$WORK/$key/nginx.conf" -e "$WORK/$key/err"; done
for key in web1 cam1 prn1; do until_tcp $key 80; done; until_tcp pump2 443
span_start http
step "portal page" on ws1 curl -sf "http://$(ip_of web1)/"
step "portal page (wget)" on read1 wget -qO- "http://$(ip_of web1)/"
step "missing page" sh -c "! ip netns exec $LAB-read1 curl -sf -A 'Philips-IntelliSpace/4.2' http://$(ip_of web1)/update/manifest.json"
step "camera without credentials" sh -c "! ip netns exec $LAB-mgr1 curl -sf http://$(ip_of cam1)/"
step "camera with credentials" on mgr1 curl -sf -u root:pass "http://$(ip_of cam1)/"
step "printer page" on mgr1 curl -sf "http://$(ip_of prn1)/index.html"
step "absolute request to a proxy that is none" on ws1 curl -s -x "http://$(ip_of prn1):80" http://updates.example/
step "Python client" on mgr1 "$PY" -c "import urllib.request as u; print(u.urlopen('http://$(ip_of web1)/').status)"
span_stop
keep remote/http.pcap "arp or tcp port 80"
span_start tls
step "portal, TLS 1.3 by name" on ws1 curl -sfk --resolve "portal01.$DOMAIN:443:$(ip_of web1)" "https://portal01.$DOMAIN/"
step "portal, TLS 1.2 by name" on read1 curl -sfk --tls-max 1.2 --resolve "portal.$DOMAIN:443:$(ip_of web1)" "https://portal.$DOMAIN/"
step "portal (GnuTLS)" on mgr1 wget -qO- --no-check-certificate "https://$(ip_of web1)/"
step "camera, expired certificate, TLS 1.2" on mgr1 curl -sfk "https://$(ip_of cam1)/"
step "pump, self-signed, TLS 1.2" on mgr1 curl -sfk --tls-max 1.2 "https://$(ip_of pump2)/"
step "pump, certificate refused" sh -c "! ip netns exec $LAB-mgr1 curl -sf https://$(ip_of pump2)/"
step "pump, Python client" on mgr1 "$PY" -c "import ssl, urllib.request as u; c = ssl._create_unverified_context(); print(u.urlopen('https://$(ip_of pump2)/', context=c).status)"
span_stop
keep remote/tls.pcap "arp or tcp port 443"
end_host web1
span_start h2c
serve web1 nghttpd --no-tls -d "$WORK/www" 8080
until_tcp web1 8080
step "HTTP/2 prior knowledge (curl)" on mgr1 curl -sf --http2-prior-knowledge "http://$(ip_of web1):8080/"
step "HTTP/2 (nghttp)" on ws1 nghttp -v "http://$(ip_of web1):8080/index.html"
on mgr1 curl -s --http2 "http://$(ip_of web1):8080/" >/dev/null 2>&1; echo "  ok   an upgrade that nghttpd does not take (curl gives up)"
span_stop
keep remote/h2c.pcap "arp or tcp port 8080"
