import { resolve } from 'node:path';

/** Where what the tests fetch or build is kept between runs. */
export const BROKERS_FOLDER = resolve(import.meta.dirname, '../../.brokers');
