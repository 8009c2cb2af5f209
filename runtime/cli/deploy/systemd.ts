import { ADMIN_PORT, type Deployment, graceSeconds, NODE_WORDS, runWords } from './deployment.ts';
import { inHome, type NeededFile } from './needed-values.ts';

export interface UnitPlace {
  /** Folder of the bundle. */
  readonly home: string;
  /** Folder of variables and secrets. */
  readonly settings: string;
  readonly node: string;
}

export function unitPlace(name: string): UnitPlace {
  return { home: `/srv/sluice/${name}`, settings: `/etc/sluice/${name}`, node: '/usr/bin/node' };
}

/** The user that reads the files which the pipeline names; undefined: systemd takes a number that no one has. */
export function unitUser({ name, files }: Pick<Deployment, 'name' | 'files'>): string | undefined {
  return files.length === 0 ? undefined : `sluice-${name}`.slice(0, 31);
}

/** Lines of the unit that the pipeline decides. */
function ownLines(deployment: Deployment, place: UnitPlace): readonly string[] {
  const { variables, spools, name } = deployment;
  const secrets = variables.filter(({ isSecret }) => isSecret);
  const user = unitUser(deployment);
  return [
    ...(user === undefined
      ? ['DynamicUser=yes']
      : [
          `# A user with a name, because the pipeline names files that it must read: ${deployment.files.map(({ path }) => unitText(path)).join(', ')}.`,
          `User=${user}`,
          `Group=${user}`,
        ]),
    `StateDirectory=sluice/${name}`,
    'StateDirectoryMode=0700',
    `CacheDirectory=sluice/${name}`,
    `Environment=NODE_COMPILE_CACHE=%C/sluice/${name}`,
    '# Variables that are no secrets, and those of OpenTelemetry.',
    `EnvironmentFile=-${place.settings}/environment`,
    ...(secrets.length === 0
      ? []
      : ['# The process gets the path of each secret, not the secret, and reads the file itself.']),
    ...secrets.flatMap((secret) => [
      `LoadCredential=${secret.name}:${place.settings}/${secret.name}`,
      `Environment=${secret.name}=file:%d/${secret.name}`,
    ]),
    ...(spools.length === 0
      ? []
      : [
          '# Spools: make the folders first.',
          `ReadWritePaths=${spools.map((at) => quoted(unitText(inHome(place.home, at)))).join(' ')}`,
        ]),
  ];
}

/** The text of NAME.service. */
export function systemdUnit(deployment: Deployment, place = unitPlace(deployment.name)): string {
  const { name } = deployment;
  const words = [
    ...NODE_WORDS,
    `${place.home}/${name}.mjs`,
    ...runWords(deployment, `%S/sluice/${name}`, `127.0.0.1:${ADMIN_PORT}`),
  ];
  return `# Pipeline ${name}, made by sluice build --systemd. For systemd 250 or later.
[Unit]
Description=Sluice pipeline ${name}
Wants=network-online.target
After=network-online.target
# A broker that is away ends no process: what ends it is tried again without an end.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${[place.node, ...words].map(quoted).join(' ')}
WorkingDirectory=${place.home}
${ownLines(deployment, place).join('\n')}

Restart=always
RestartSec=5
# Exit code 2: the configuration is wrong, and stays so.
RestartPreventExitStatus=2
KillMode=mixed
# --shutdown-timeout, and time to close.
TimeoutStopSec=${graceSeconds(deployment)}
# No WatchdogSec: the process does not notify systemd. Its own watchdog logs an event loop that stands still; /livez tells it too.

# Open sockets and databases.
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RemoveIPC=yes
# Netlink and local sockets are for the names of hosts.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
# V8 compiles to machine code: it writes memory and then executes it. With yes here Node does not start.
MemoryDenyWriteExecute=no

[Install]
WantedBy=multi-user.target
`;
}

/** What a person types to install the unit. `folder`: where the build wrote its files, as it is typed. */
export function systemdSteps(deployment: Deployment, folder: string): readonly string[] {
  const { name, variables, files } = deployment;
  const place = unitPlace(name);
  const user = unitUser(deployment);
  const secrets = variables.filter(({ isSecret }) => isSecret);
  const installed = (file: NeededFile): string =>
    `install -D -o root -g ${user} -m 0440 ${shell(file.path)} ${shell(inHome(place.home, file.path))}`;
  return [
    ...(user === undefined ? [] : [`useradd --system --no-create-home --shell /usr/sbin/nologin ${user}`]),
    `install -D -m 0444 -t ${place.home} ${shell(`${folder}/${name}.mjs`)} ${shell(`${folder}/${name}.mjs.map`)}`,
    ...files.map(installed),
    `install -d -m 0700 ${place.settings}`,
    ...(variables.some(({ isRequired, isSecret }) => isRequired && !isSecret)
      ? [`install -m 0400 /dev/stdin ${place.settings}/environment`]
      : []),
    ...secrets.map((secret) => `install -m 0400 /dev/stdin ${place.settings}/${secret.name}`),
    `install -D -m 0444 -t /etc/systemd/system ${shell(`${folder}/${name}.service`)}`,
    `systemctl daemon-reload && systemctl enable --now ${name}.service`,
  ];
}

/** A word of a command line for a shell. */
export function shell(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** `%` begins a specifier. */
const unitText = (text: string): string => text.replaceAll('%', '%%');

/** A word of a unit. Specifiers in it are meant. */
function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
