/**
 * The used parts of the clients, loaded when a connection is opened. By this file and not by themselves: they are CommonJS,
 * and a bundle in chunks gives a module that is imported at run time to its importer without its names.
 */
export {
  connect,
  createInbox,
  credsAuthenticator,
  headers,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
export { jetstream, jetstreamManager } from '@nats-io/jetstream';
export type { ConsumerConfig, ConsumerInfo, JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
export type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
