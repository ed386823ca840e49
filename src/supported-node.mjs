// Plain JavaScript: scripts/require-node.mjs runs this file on whatever Node the machine has, before anything is built.

/** Oldest major version of Node that runs the server. `engines` in package.json names the same version. */
const OLDEST_MAJOR = 24;

/**
 * Says why a version of Node cannot run the server.
 * @param {string} version such as `26.10.0`
 * @returns {string | undefined} `undefined` if the version is supported
 */
export function describeUnsupportedNode(version) {
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return undefined;
  return `bidi-sse needs Node ${OLDEST_MAJOR} or newer; this is Node ${version}. Install a current version from https://nodejs.org`;
}
