/**
 * Says why a version of Node cannot run the server.
 * @param version such as `26.10.0`
 * @returns `undefined` if the version is supported
 */
export function describeUnsupportedNode(version: string): string | undefined;
