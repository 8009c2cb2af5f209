/**
 * The used part of the client, loaded when a connection is opened. By this file and not by itself: it is CommonJS, and a
 * bundle in chunks gives a module that is imported at run time to its importer without its names.
 */
export { connect, credentials } from 'amqplib';
