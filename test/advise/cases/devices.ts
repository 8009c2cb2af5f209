import { type Case, UNDATED } from './case.ts';

/** Many small clients, on links that come and go. */
export const DEVICES: readonly Case[] = [
  {
    who: 'Facebook Messenger, phones',
    source: {
      title: 'MQTT used by Facebook Messenger',
      publisher: 'mqtt.org',
      year: '2011',
      url: 'http://mqtt.org/2011/08/mqtt-used-by-facebook-messenger',
    },
    facts:
      'Phones keep one connection without emptying the battery; phone to phone in hundreds of milliseconds instead of seconds.',
    need: '{ message: event, latency: 500ms, consumers: { devices: 1000000, link: intermittent } }',
    end: 'consumers',
    chose: 'mqtt',
    ours: 'mqtt',
    why: 'Many small clients on links that come and go.',
  },
  {
    who: 'BMW Mobility Services, car sharing',
    source: {
      title: 'BMW Car-Sharing Application relies on HiveMQ for Reliable Connectivity',
      publisher: 'HiveMQ, case study',
      year: UNDATED,
      url: 'https://www.hivemq.com/case-studies/bmw-mobility-services/',
    },
    facts:
      '80,000 cars connected at a time, 90,000 messages a minute; unlocking took up to 30 s and now takes less than one, over unreliable networks.',
    need: '{ message: order, rate: 1500/s, latency: 1s, expires: 30s, consumers: { devices: 80000, link: intermittent } }',
    end: 'consumers',
    chose: 'mqtt',
    ours: 'mqtt',
    why: 'As above; class command adds that an unlock of half a minute ago is not carried out.',
  },
  {
    who: 'A manufacturer of devices, remote support',
    source: {
      title: 'Scaling Connected Device Management to 10 Million Concurrent Connections with EMQX',
      publisher: 'EMQX blog',
      year: UNDATED,
      url: 'https://www.emqx.com/en/blog/scaling-connected-device-management-to-10-million-concurrent-connections-with-emqx',
    },
    facts: '10 million connections at a time, 5 million messages a day, packets up to 64 KB, below a second.',
    need: '{ message: event, rate: 60/s, size: 64KiB, latency: 1s, producers: { devices: 10000000, link: wan } }',
    end: 'producers',
    chose: 'mqtt',
    ours: 'mqtt',
    why: 'The number of connections decides. The source asks for QoS 2; Sluice refuses it and removes repetitions by id.',
  },
  {
    who: 'Connected cars, the side of the cars',
    source: {
      title: 'Connecting Millions of Cars using EMQX MQTT and Upstash Kafka',
      publisher: 'EMQX blog',
      year: '2024',
      url: 'https://www.emqx.com/en/blog/connecting-millions-of-cars-using-emqx-mqtt-and-upstash-kafka',
    },
    facts: 'Millions of cars report over mobile networks; the messages then go to Kafka for the applications.',
    need: '{ message: event, rate: 200000/s, keep: 7d, readers: 5, survives: crash, producers: { devices: 1000000, link: wan } }',
    end: 'producers',
    chose: 'mqtt',
    ours: 'mqtt',
    why: 'Two needs, two buses, one bridge: this is the side of the devices.',
  },
  {
    who: 'Connected cars, the side of the applications',
    source: {
      title: 'Connecting Millions of Cars using EMQX MQTT and Upstash Kafka',
      publisher: 'Upstash blog',
      year: '2024',
      url: 'https://upstash.com/blog/kafka-emqx',
    },
    facts: 'The same messages, for several applications, at their own pace.',
    need: '{ message: event, rate: 200000/s, keep: 7d, readers: 5, survives: crash, producers: { devices: 1000000, link: wan } }',
    end: 'consumers',
    chose: 'kafka',
    ours: 'kafka',
    why: 'Rate, history and readers decide on this side.',
  },
  {
    who: 'Matternet, drones',
    source: {
      title: 'Matternet, case study',
      publisher: 'Hasura',
      year: UNDATED,
      url: 'https://hasura.io/case-studies/matternet/',
    },
    facts: 'Drones and landing stations send their state to the cloud and to clients while they fly, over slow links.',
    need: '{ message: state, latency: 1s, producers: { devices: 200, link: intermittent } }',
    end: 'producers',
    chose: 'mqtt',
    ours: 'mqtt',
    why: 'Small clients, slow links, only the newest counts. The source had trouble with the binding of clients to one encoding, not with the bus.',
  },
  {
    who: 'NATO IST-150, three nations, tactical radio',
    source: {
      title: 'Mobile Tactical Forces: Experiments on Multi-broker Messaging Middleware in a Coalition Setting',
      publisher: 'FFI, ICCRTS proceedings',
      year: '2019',
      url: 'https://publications.ffi.no/nb/item/mobile-tactical-forces-experiments-on-multi-broker-messaging-middleware-in-a-coalition-setting',
    },
    facts:
      'Blue force tracking over links that are disconnected, intermittent and limited; each nation owns its broker.',
    need: '{ message: state, rate: 10/s, size: 300B, producers: { link: intermittent, bandwidth: 16kbit/s } }',
    end: 'producers',
    chose: 'mqtt',
    ours: 'mqtt',
    why: 'On a narrow link a few bytes of head decide. Each nation has a broker, with a bridge between: class telemetry sends the newest of each unit.',
  },
  {
    who: 'NATO IST-150, ways to share between brokers',
    source: {
      title:
        'Evaluation of Message Broker Approaches for Information Exchange in Disadvantaged Tactical Networks in a Federated Environment',
      publisher: 'FFI, ICCRTS proceedings',
      year: '2020',
      url: 'https://publications.ffi.no/nb/item/evaluation-of-message-broker-approaches-for-information-exchange-in-disadvantaged-tactical-networks-in-a-federated-environment',
    },
    facts:
      'MQTT has low overhead and is worth further study; bridged brokers, a mesh of brokers and plain UDP are compared.',
    need: '{ message: event, rate: 2/s, size: 500B, producers: { link: intermittent, bandwidth: 9600bit/s } }',
    end: 'producers',
    chose: 'mqtt',
    ours: 'mqtt',
    why: 'As above. The third way of the source, UDP without a server, is outside of what Sluice bridges.',
  },
];
