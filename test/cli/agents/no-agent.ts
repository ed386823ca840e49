/** A file that exports something, but no agent. */
export const agent = { name: 'almost' };
