#!/bin/bash
# MQTT with mosquitto: versions 3.1.1 and 5, user names, a refused log-in, retained state.
. "$(dirname "$0")/lab.sh"
lab_up mqtt iot1 eng1 mgr1
printf 'listener 1883\nallow_anonymous false\npassword_file %s/pw\n' "$WORK" >"$WORK/m.conf"
mosquitto_passwd -b -c "$WORK/pw" fridge-gw secret; mosquitto_passwd -b "$WORK/pw" engine secret; chmod 644 "$WORK/pw"
span_start mqtt
serve eng1 mosquitto -c "$WORK/m.conf"
until_tcp eng1 1883
on mgr1 timeout 4 mosquitto_sub -V 5 -h "$(ip_of eng1)" -u engine -P secret -t 'ward/icu3/#' -C 2 -i biomed-dashboard >/dev/null 2>&1 &
sleep 0.5
step "publish (3.1.1)" on iot1 mosquitto_pub -h "$(ip_of eng1)" -u fridge-gw -P secret -i TempSensor-08F219C450 -t ward/icu3/fridge/2/temperature -m '{"model":"TS-200","sn":"TS2-004417","fw":"1.8.3","celsius":4.6}'
step "publish retained (5)" on iot1 mosquitto_pub -V 5 -r -q 1 -h "$(ip_of eng1)" -u fridge-gw -P secret -i TempSensor-08F219C450 -t ward/icu3/fridge/2/state -m online
step "refused" sh -c "! timeout 6 ip netns exec $LAB-mgr1 mosquitto_pub -h $(ip_of eng1) -u admin -P admin -t x -m y"
span_stop
keep remote/mqtt.pcap "arp or tcp"
