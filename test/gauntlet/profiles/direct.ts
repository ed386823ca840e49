import type { Profile } from '../profile.ts';

/** A direct connection, with which the others are compared. */
export const direct: Profile = {
  name: 'direct',
  what: 'a direct connection',
  programs: [],
  steady: true,
  rungs: ['ws'],
  page: true,
  open: async ({ port }) => ({ url: `http://127.0.0.1:${port}` }),
};
