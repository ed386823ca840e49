/** A user or session id: it stands in paths, logs and keys, so it is one path segment and never looks like an option. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;

export function isId(text: string): boolean {
  return ID.test(text);
}

/** Session id of a route that names none. */
export const DEFAULT_SESSION_ID = 'default';
