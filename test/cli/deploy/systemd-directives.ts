const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Directives of systemd.unit(5), systemd.service(5), systemd.exec(5) and systemd.kill(5), of those that a hardened service may use. */
export const DIRECTIVES: Readonly<Record<string, ReadonlySet<string>>> = {
  Unit: words(`
    Description Documentation Wants Requires After Before ConditionPathExists StartLimitIntervalSec StartLimitBurst`),
  Service: words(`
    Type ExecStart ExecStartPre ExecReload Restart RestartSec RestartPreventExitStatus SuccessExitStatus TimeoutStartSec
    TimeoutStopSec WatchdogSec NotifyAccess KillMode KillSignal WorkingDirectory User Group DynamicUser UMask
    StateDirectory StateDirectoryMode CacheDirectory CacheDirectoryMode RuntimeDirectory Environment EnvironmentFile
    LoadCredential LoadCredentialEncrypted SetCredential ReadWritePaths ReadOnlyPaths InaccessiblePaths BindReadOnlyPaths
    LimitNOFILE MemoryMax NoNewPrivileges CapabilityBoundingSet AmbientCapabilities ProtectSystem ProtectHome PrivateTmp
    PrivateDevices PrivateUsers PrivateNetwork ProtectProc ProcSubset ProtectClock ProtectHostname ProtectKernelLogs
    ProtectKernelModules ProtectKernelTunables ProtectControlGroups LockPersonality RestrictRealtime RestrictSUIDSGID
    RestrictNamespaces RestrictAddressFamilies RemoveIPC SystemCallArchitectures SystemCallFilter SystemCallErrorNumber
    MemoryDenyWriteExecute IPAddressAllow IPAddressDeny`),
  Install: words('WantedBy RequiredBy Alias'),
};
