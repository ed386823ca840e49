/** User and session ids appear in paths, logs and keys: an id is one path segment and never looks like a command-line option. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;

/** Whether a text is a valid id of a user, session or client. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** Session id of a request whose path names none. */
export const DEFAULT_SESSION_ID = 'default';
