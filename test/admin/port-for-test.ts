import type { Admin } from '../../runtime/admin/server.ts';
import { type AdminPortSettings, openAdminPort } from '../../runtime/host/admin-port.ts';
import { ErrorMemory } from '../../runtime/admin/status/error-memory.ts';
import { Health } from '../../runtime/telemetry/health.ts';

/** An admin port on a free port, of a pipeline without routes. */
export function openPort(settings: Partial<AdminPortSettings>): Promise<Admin> {
  return openAdminPort({
    choice: { host: '127.0.0.1', port: 0 },
    log: { info() {}, warn() {}, error() {} },
    environment: {},
    health: new Health(),
    metrics: () => Promise.resolve(''),
    numbers: () => [],
    outline: { name: 'p', routes: [] },
    errors: new ErrorMemory(),
    stateFolder: '/nowhere',
    ...settings,
  });
}
