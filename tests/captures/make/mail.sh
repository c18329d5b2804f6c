#!/bin/bash
# SMTP with aiosmtpd: a mail in the clear from a printer, one after STARTTLS.
. "$(dirname "$0")/lab.sh"
lab_up mail mail1 prn1 mgr1
"$PY" "$PEERS/certificates.py" "$WORK"
span_start smtp
serve_named mail1 "$VENV/bin/aiosmtpd" -n -l 0.0.0.0:25 --tlscert "$WORK/portal.pem" --tlskey "$WORK/portal.key" --no-requiretls
until_tcp mail1 25
cat >"$WORK/send.py" <<E
import smtplib, ssl, sys
with smtplib.SMTP("$(ip_of mail1)", 25, local_hostname=sys.argv[1], timeout=5) as s:
    s.ehlo()
    if sys.argv[2] == "tls":
        s.starttls(context=ssl._create_unverified_context()); s.ehlo()
    s.sendmail(sys.argv[3], ["biomed@$DOMAIN"], "From: %s\r\nTo: biomed@$DOMAIN\r\nX-Mailer: ZebraNet PrintServer 1.2\r\nSubject: media out\r\n\r\nmedia out\r\n" % sys.argv[3])
E
step "mail in the clear" on prn1 "$PY" "$WORK/send.py" "$(name_of prn1).$DOMAIN" clear "zd620@$DOMAIN"
step "mail after STARTTLS" on mgr1 "$PY" "$WORK/send.py" "$(name_of mgr1).$DOMAIN" tls "tech@$DOMAIN"
span_stop
keep remote/smtp.pcap "arp or tcp port 25"
