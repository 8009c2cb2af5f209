import { create, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_timestamp,
} from '@bufbuild/protobuf/wkt';

const [ONE, MANY] = [Label.OPTIONAL, Label.REPEATED];

/** The descriptor set of schemas/fleet.v1.binpb, as `protoc --include_imports` makes it of fleet.proto. */
export const FLEET: Uint8Array = toBinary(
  FileDescriptorSetSchema,
  create(FileDescriptorSetSchema, {
    file: [
      file_google_protobuf_timestamp.proto,
      create(FileDescriptorProtoSchema, {
        name: 'fleet.proto',
        package: 'fleet',
        syntax: 'proto3',
        dependency: ['google/protobuf/timestamp.proto'],
        enumType: [
          {
            name: 'Kind',
            value: [
              { name: 'CAR', number: 0 },
              { name: 'SHIP', number: 1 },
            ],
          },
        ],
        messageType: [
          {
            name: 'Track',
            field: [
              { name: 'id', jsonName: 'id', number: 1, type: Type.STRING, label: ONE },
              { name: 'serial_number', jsonName: 'serialNumber', number: 2, type: Type.INT64, label: ONE },
              { name: 'lat', jsonName: 'lat', number: 3, type: Type.DOUBLE, label: ONE },
              { name: 'kind', jsonName: 'kind', number: 4, type: Type.ENUM, typeName: '.fleet.Kind', label: ONE },
              { name: 'raw', jsonName: 'raw', number: 5, type: Type.BYTES, label: ONE },
              {
                name: 'at',
                jsonName: 'at',
                number: 6,
                type: Type.MESSAGE,
                typeName: '.google.protobuf.Timestamp',
                label: ONE,
              },
              {
                name: 'tags',
                jsonName: 'tags',
                number: 7,
                type: Type.MESSAGE,
                typeName: '.fleet.Track.TagsEntry',
                label: MANY,
              },
              { name: 'next', jsonName: 'next', number: 8, type: Type.MESSAGE, typeName: '.fleet.Track', label: ONE },
              { name: 'n', jsonName: 'n', number: 9, type: Type.INT32, label: ONE },
            ],
            nestedType: [
              {
                name: 'TagsEntry',
                options: { mapEntry: true },
                field: [
                  { name: 'key', jsonName: 'key', number: 1, type: Type.STRING, label: ONE },
                  { name: 'value', jsonName: 'value', number: 2, type: Type.STRING, label: ONE },
                ],
              },
              { name: 'Leg', field: [{ name: 'n', jsonName: 'n', number: 1, type: Type.INT32, label: ONE }] },
            ],
          },
        ],
      }),
    ],
  }),
);

export const TRACK_AVSC = {
  type: 'record',
  name: 'Track',
  namespace: 'fleet',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'lat', type: 'double' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['CAR', 'SHIP'] } },
  ],
};
