import { describeUnsupportedNode } from './supported-node.mjs';

/** This version of Node cannot run the server. The message says which versions can. */
export class UnsupportedNodeError extends Error {
  override readonly name = 'UnsupportedNodeError';
}

/**
 * Refuses a version of Node that cannot run the server: there it would start, and then fail every turn.
 * @throws {UnsupportedNodeError}
 */
export function requireSupportedNode(): void {
  const unsupported = describeUnsupportedNode(process.versions.node);
  if (unsupported) throw new UnsupportedNodeError(unsupported);
}
