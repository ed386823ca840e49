import type { Profile } from '../profile.ts';

/** Nothing in the way: what the others are compared with. */
export const direct: Profile = {
  name: 'direct',
  what: 'nothing in the way',
  programs: [],
  steady: true,
  rungs: ['ws'],
  page: true,
  open: async ({ port }) => ({ url: `http://127.0.0.1:${port}` }),
};
