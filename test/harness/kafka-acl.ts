// Its module is CommonJS, and Node finds only a few of its names.
import kafkajs, { type AclEntry } from 'kafkajs';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** What lets a user do everything with a topic and with every consumer group. */
export function everythingWith(user: string, topic: string): AclEntry[] {
  const operation = AclOperationTypes.ALL;
  return [
    { ...allowed(user), operation, resourceType: AclResourceTypes.TOPIC, resourceName: topic },
    { ...allowed(user), operation, resourceType: AclResourceTypes.GROUP, resourceName: '*' },
  ];
}

/** What lets a user write to a topic and not read it. */
export function writingTo(user: string, topic: string): AclEntry[] {
  const resource = { resourceType: AclResourceTypes.TOPIC, resourceName: topic };
  return [{ ...allowed(user), ...resource, operation: AclOperationTypes.WRITE }];
}

function allowed(user: string): Pick<AclEntry, 'principal' | 'host' | 'permissionType' | 'resourcePatternType'> {
  return {
    principal: `User:${user}`,
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
}
