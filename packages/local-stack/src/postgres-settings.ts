/**
 * The settings of a local server: sized for a laptop, the same on primary and replica where a standby insists on it.
 */
export interface NodeSettings {
  readonly port: number;
  /** 'safe' keeps every commit through a crash of the machine; 'fast' gives that up for speed and is for tests only. */
  readonly durability: 'safe' | 'fast';
  /** On a primary: the replicas that a commit waits for, in Postgres' own words. */
  readonly synchronousStandbyNames?: string;
  /** Set on a replica: where its primary is, and as whom it follows. */
  readonly follow?: { readonly port: number; readonly user: string; readonly password: string; readonly slot: string };
}

export function renderSettings(o: NodeSettings): string {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port: o.port,
    unix_socket_directories: '',
    max_connections: 200,
    superuser_reserved_connections: 5,
    shared_buffers: '64MB',
    dynamic_shared_memory_type: 'posix',
    wal_level: 'logical',
    max_wal_senders: 10,
    max_replication_slots: 10,
    max_slot_wal_keep_size: '4GB',
    max_wal_size: '1GB',
    hot_standby: 'on',
    hot_standby_feedback: 'on',
    wal_receiver_status_interval: '1s',
    wal_retrieve_retry_interval: '200ms',
    max_standby_streaming_delay: '5s',
    autovacuum_naptime: '15s',
    jit: 'off',
    // `npx lyceum db explain` looks at the statements that are in use.
    shared_preload_libraries: 'pg_stat_statements',
    'pg_stat_statements.track_utility': 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    log_line_prefix: '%m [%p] %d ',
    log_checkpoints: 'off',
  };
  if (o.durability === 'fast') {
    // synchronous_commit stays on: a replica is sent only what is flushed, and an asynchronous flush is 200 ms late.
    Object.assign(settings, { fsync: 'off', full_page_writes: 'off', shared_buffers: '48MB' });
  }
  if (o.synchronousStandbyNames !== undefined) settings.synchronous_standby_names = o.synchronousStandbyNames;
  if (o.follow) {
    const { port, user, password, slot } = o.follow;
    settings.primary_conninfo = `host=127.0.0.1 port=${port} user=${user} password=${password} application_name=${slot}`;
    settings.primary_slot_name = slot;
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`);
  return `# Written at every start; edits are lost.\n${lines.join('\n')}\n`;
}
