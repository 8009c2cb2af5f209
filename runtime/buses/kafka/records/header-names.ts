/** Headers for the fields of a frame that a record has no field for. */
export const MESSAGE_ID = 'msgid';
export const EXPIRY = 'expirytime';
