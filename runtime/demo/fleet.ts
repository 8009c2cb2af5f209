import { connectClient, publishJson } from './mqtt-client.ts';

/** Reports of each vehicle, one every so many milliseconds. */
const PERIOD_MS = 1000;
/** The vehicle whose radio sends rubbish. */
const BROKEN = 13;
/** The vehicle that sends one report from the depot, in its second turn: the pipeline's function raises the label of what comes from there. */
const VISITOR = 2;
const DEPOT = { lat: 51.91, lon: 4.32 };

/** Vehicles that drive about, report where they are and take orders. */
export interface Fleet {
  readonly names: readonly string[];
  /** Reports that the field's broker confirmed. */
  reported(): number;
  /** Orders that reached a vehicle. */
  ordered(): number;
  /** Ends the driving; resolves when every report is confirmed or failed. */
  park(): Promise<void>;
  close(): Promise<void>;
}

interface Vehicle {
  readonly name: string;
  lat: number;
  lon: number;
  course: number;
  speed: number;
  battery: number;
}

export async function startFleet(url: string, size: number): Promise<Fleet> {
  const client = await connectClient(url);
  const vehicles = Array.from({ length: size }, (_, index) => newVehicle(index));
  const underWay = new Set<Promise<void>>();
  let reported = 0;
  let ordered = 0;
  client.on('message', () => {
    ordered += 1;
  });
  await client.subscribeAsync('fleet/+/orders', { qos: 1 });

  let turn = 0;
  const timer = setInterval(() => {
    const vehicle = vehicles[turn % size];
    if (vehicle === undefined) return;
    const body = bodyOf(vehicle, turn % size, Math.floor(turn / size));
    turn += 1;
    const sending = publishJson(client, `fleet/${vehicle.name}/position`, body).then((isConfirmed) => {
      if (isConfirmed) reported += 1;
      underWay.delete(sending);
    });
    underWay.add(sending);
  }, PERIOD_MS / size);

  return {
    names: vehicles.map(({ name }) => name),
    reported: () => reported,
    ordered: () => ordered,
    async park() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
    async close() {
      clearInterval(timer);
      await client.endAsync(true);
    },
  };
}

function newVehicle(index: number): Vehicle {
  return {
    name: `v${String(index + 1).padStart(2, '0')}`,
    lat: 52 + Math.random(),
    lon: 4 + Math.random(),
    course: Math.random() * 360,
    speed: 30 + Math.random() * 50,
    battery: 60 + Math.random() * 40,
  };
}

function bodyOf(vehicle: Vehicle, index: number, lap: number): object | string {
  if (index === BROKEN - 1) return rubbish(vehicle, lap);
  if (index === VISITOR - 1 && lap === 1) return { ...report(vehicle), ...DEPOT };
  return report(vehicle);
}

function report(vehicle: Vehicle): object {
  const metres = (vehicle.speed / 3.6) * (PERIOD_MS / 1000);
  const angle = (vehicle.course * Math.PI) / 180;
  vehicle.lat += (Math.cos(angle) * metres) / 111_320;
  vehicle.lon += (Math.sin(angle) * metres) / 68_000;
  vehicle.course = (vehicle.course + Math.random() * 10 - 5 + 360) % 360;
  vehicle.battery = Math.max(1, vehicle.battery - 0.01);
  return {
    _type: 'location',
    tid: vehicle.name,
    tst: Math.floor(Date.now() / 1000),
    lat: round(vehicle.lat, 6),
    lon: round(vehicle.lon, 6),
    vel: round(vehicle.speed, 1),
    cog: round(vehicle.course, 0),
    batt: round(vehicle.battery, 0),
  };
}

function rubbish(vehicle: Vehicle, lap: number): object | string {
  const whole = report(vehicle);
  switch (lap % 3) {
    case 0:
      return 'NMEA?? $GPGGA,,,,,,0';
    case 1:
      return { ...whole, lat: 123.4 };
    default:
      return { ...whole, tid: undefined };
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
