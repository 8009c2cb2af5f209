// Its module is CommonJS, and Node finds only a few of its names.
import kafkajs, { type AclEntry } from 'kafkajs';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** What lets a user do everything with a topic and with every consumer group. */
export function everythingWith(user: string, topic: string): AclEntry[] {
  const rule = {
    principal: `User:${user}`,
    host: '*',
    operation: AclOperationTypes.ALL,
    permissionType: AclPermissionTypes.ALLOW,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
  return [
    { ...rule, resourceType: AclResourceTypes.TOPIC, resourceName: topic },
    { ...rule, resourceType: AclResourceTypes.GROUP, resourceName: '*' },
  ];
}
