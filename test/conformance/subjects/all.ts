import type { Subject } from '../conformance.ts';
import { JETSTREAM } from './jetstream.ts';
import { KAFKA } from './kafka.ts';
import { MEMORY } from './memory.ts';
import { MQTT_3, MQTT_5 } from './mqtt.ts';
import { NATS } from './nats.ts';
import { CLASSIC, QUORUM, STREAM } from './rabbitmq.ts';

/** Every bus that is judged, as the conformance page lists them. */
export const SUBJECTS: readonly Subject[] = [MQTT_5, MQTT_3, NATS, JETSTREAM, KAFKA, QUORUM, CLASSIC, STREAM, MEMORY];
