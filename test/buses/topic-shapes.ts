/** Topics of MQTT that other buses spell otherwise, or that a template could lose levels of. */
export const SHAPES = [
  'a',
  'a/b',
  'a/b/c/d',
  '/a',
  'a/',
  '/a/',
  'a//b',
  'a///b',
  '/',
  '//',
  'fleet/car.5-x/t',
  'homie/lamp/$state',
  'a/$b/c',
  'a b/c*d/100%/>/x_y/ä',
] as const;
