import { connect } from 'node:net';
import mqttPacket from 'mqtt-packet';

const TRY_MS = 1000;
const CONNACK = 0x20;

/** Whether an MQTT server lets this user in. */
export function mqttAdmits(port: number, username: string, password: string): Promise<boolean> {
  const hello = mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId: '',
    clean: true,
    keepalive: 0,
    username,
    password: Buffer.from(password),
  });
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const done = (admitted: boolean): void => {
      socket.destroy();
      resolve(admitted);
    };
    socket.setTimeout(TRY_MS, () => done(false));
    socket.once('connect', () => socket.write(hello));
    // Its last byte is the return code (3.2).
    socket.once('data', (answer) => done(answer[0] === CONNACK && answer[3] === 0));
    socket.once('error', () => done(false));
    socket.once('close', () => resolve(false));
  });
}
