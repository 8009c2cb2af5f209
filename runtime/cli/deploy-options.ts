import type { ParseArgsOptionsConfig } from 'node:util';
import { type Arguments, UsageError } from './command.ts';
import { durationOption } from './duration-option.ts';

/** Options of `build` that ask for more than the bundle. */
export const DEPLOY_OPTIONS = {
  container: { type: 'boolean' },
  k8s: { type: 'boolean' },
  systemd: { type: 'boolean' },
  image: { type: 'string' },
  'shutdown-timeout': { type: 'string' },
} as const satisfies ParseArgsOptionsConfig;

export const DEPLOY_HELP = {
  '--container': 'write NAME.Dockerfile and its .dockerignore, too: an image of the bundle and Node alone',
  '--k8s': 'write NAME.k8s.yaml, and NAME.keda.yaml where the bus tells its backlog',
  '--systemd': 'write NAME.service, a hardened unit',
  '--image REF': 'name of the image (default NAME:HASH of the bundle)',
  '--shutdown-timeout DURATION':
    'how long a stop waits for messages in flight, and its supervisor for it (default 10s)',
} as const;

export interface DeployWish {
  readonly container: boolean;
  readonly kubernetes: boolean;
  readonly systemd: boolean;
  readonly image: string | undefined;
  readonly shutdownSeconds: number;
}

/** Throws UsageError. */
export function deployWish({
  container,
  k8s,
  systemd,
  image,
  'shutdown-timeout': timeout,
}: Arguments['values']): DeployWish {
  const wish = { container: container === true, kubernetes: k8s === true, systemd: systemd === true };
  const hasTarget = Object.values(wish).includes(true);
  if (image !== undefined && !wish.container && !wish.kubernetes)
    throw new UsageError('expected --container or --k8s beside --image, found neither');
  if (timeout !== undefined && !hasTarget)
    throw new UsageError('expected --container, --k8s or --systemd beside --shutdown-timeout, found none');
  if (typeof image === 'string' && !/^[a-z0-9][\w./:@-]*$/.test(image))
    throw new UsageError(`expected --image with the name of an image (registry.example/orders:1.0), found ${image}`);
  const ms = durationOption('--shutdown-timeout', typeof timeout === 'string' ? timeout : '10s', '10s');
  return { ...wish, image: typeof image === 'string' ? image : undefined, shutdownSeconds: Math.ceil(ms / 1000) };
}
