import { MQTT } from '../brokers/mqtt.ts';
import { conformance } from './conformance.ts';

conformance(MQTT);
