import { kafka } from '../buses/kafka/index.ts';
import { memory } from '../buses/memory/index.ts';
import { mqtt } from '../buses/mqtt/index.ts';
import { nats } from '../buses/nats/core/index.ts';
import { jetstream } from '../buses/nats/jetstream/index.ts';
import { rabbitmq } from '../buses/rabbitmq/index.ts';
import type { Catalog } from '#contract/catalog.ts';
import { catalogOf } from './catalog-of.ts';

/** The buses of this version. A driver imports its client when it opens a connection, not before. */
export const catalog: Catalog = catalogOf([memory, mqtt, nats, jetstream, kafka, rabbitmq]);
