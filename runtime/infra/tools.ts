import { byApt } from './by-apt.ts';
import { byGo, type GoProgram } from './by-go.ts';
import { byMaven } from './by-maven.ts';
import type { Found } from './found.ts';
import { executable, onPath } from './on-path.ts';

// Beside the wrapper in /usr/sbin, which refuses ordinary users and takes root's rights away.
const RABBITMQ = '/usr/lib/rabbitmq/bin/rabbitmq-server';

const KAFKA = [
  { group: 'org.apache.kafka', name: 'kafka_2.13', version: '4.1.0' },
  { group: 'org.apache.logging.log4j', name: 'log4j-slf4j-impl', version: '2.25.1' },
];

const NATS: GoProgram = { name: 'nats-server', module: 'github.com/nats-io/nats-server/v2', version: 'v2.15.2' };

// The module's go.mod replaces another module: see GoProgram.
const JAEGER: GoProgram = {
  name: 'jaeger',
  module: 'github.com/jaegertracing/jaeger',
  version: 'v1.76.0',
  folder: 'cmd/jaeger',
};

/** A program that a server of a bus, or of traces, is made of. */
export type InfraTool = 'nats-server' | 'mosquitto' | 'java' | 'kafka' | 'epmd' | 'rabbitmq-server' | 'jaeger';

/** A program of a Debian package, found on the PATH where it is installed. */
export function program(name: string, packageName: string): () => Promise<Found> {
  return () => byApt(packageName, () => onPath(name));
}

/** How each is found, or provided into `folder`, where what is built or fetched is kept. The tests and `sluice infra` have the same. */
export function infraTools(folder: string): Readonly<Record<InfraTool, () => Promise<Found>>> {
  return {
    async 'nats-server'() {
      const path = onPath('nats-server');
      return path === undefined ? byGo(NATS, folder) : { found: true, path };
    },
    mosquitto: program('mosquitto', 'mosquitto'),
    java: program('java', 'default-jdk-headless'),
    /** A folder of jars. */
    kafka: () => byMaven('kafka', KAFKA, { maven: program('mvn', 'maven'), folder }),
    epmd: program('epmd', 'rabbitmq-server'),
    'rabbitmq-server': () => byApt('rabbitmq-server', () => (executable(RABBITMQ) ? RABBITMQ : undefined)),
    /** Version 2 of Jaeger, which the module's version 1.76 has in cmd/jaeger. Always of this version: not the PATH's. */
    jaeger: () => byGo(JAEGER, folder),
  };
}

const apt = (packageName: string): string => `the package ${packageName} of the system, by apt-get`;
const go = ({ module, version }: GoProgram): string => `the Go module ${module} ${version}, built by go`;

/** Where each comes from where it is not there, for people. */
export const ORIGINS: Readonly<Record<InfraTool, string>> = {
  'nats-server': go(NATS),
  mosquitto: apt('mosquitto'),
  java: apt('default-jdk-headless'),
  kafka: `the Maven artifacts ${KAFKA.map(({ group, name, version }) => `${group}:${name}:${version}`).join(' and ')}, fetched by mvn`,
  epmd: apt('rabbitmq-server'),
  'rabbitmq-server': apt('rabbitmq-server'),
  jaeger: `${go(JAEGER)}, which takes minutes`,
};
