/** Where a record carries what has a field of its own in a frame. */
export const MESSAGE_ID = 'msgid';
export const EXPIRY = 'expirytime';
