import { conformance } from './conformance.ts';
import { MQTT_3, MQTT_5 } from './subjects/mqtt.ts';

for (const subject of [MQTT_5, MQTT_3]) conformance(subject);
