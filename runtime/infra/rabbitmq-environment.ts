import { join } from 'node:path';

export interface RabbitMqNode {
  /** Of its configuration, its data and its home. */
  readonly folder: string;
  /** `NAME@localhost` */
  readonly name: string;
  readonly amqpPort: number;
  readonly distributionPort: number;
  /** Of epmd, the name server of Erlang. */
  readonly namesPort: number;
  /** Further arguments of Erlang. */
  readonly erlang?: string;
}

/** The environment in which the script of the server starts a node that listens on 127.0.0.1 alone and writes into its folder alone. */
export function rabbitMqEnvironment(node: RabbitMqNode): NodeJS.ProcessEnv {
  const at = (name: string): string => join(node.folder, name);
  const erlang = ['-kernel inet_dist_use_interface {127,0,0,1}', ...(node.erlang === undefined ? [] : [node.erlang])];
  return {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: at('home'),
    // Whatever the machine has configured for a server of its own must not speak.
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: at('generated'),
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_NODENAME: node.name,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(node.amqpPort),
    RABBITMQ_DIST_PORT: String(node.distributionPort),
    ERL_EPMD_PORT: String(node.namesPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP_SECONDS: '0',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: erlang.join(' '),
    // The script then becomes the node instead of its parent, so that signals reach the node.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}
