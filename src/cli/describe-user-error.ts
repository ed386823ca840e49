import { ConfigError } from '../config.ts';
import { UnsupportedNodeError } from '../node-version.ts';
import { WireError } from '../wire/wire-error.ts';
import { AgentFileError } from './load-agent.ts';

/**
 * Describes an error that the user of the command line can mend.
 * @returns `undefined` for every other error, which is a fault of the program
 */
export function describeUserError(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof AgentFileError || error instanceof UnsupportedNodeError) {
    return error.message;
  }
  if (error instanceof WireError) return error.hint ? `${error.message}; ${error.hint}` : error.message;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code, message } = error;
  // The code of a DOMException is a number.
  if (typeof code !== 'string') return undefined;
  if (code === 'EADDRINUSE') {
    return `${message.replace(/^listen EADDRINUSE: /, '')}: choose another with --port or PORT`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `${message}: this is not an address of this machine; choose another with --host or HOST`;
  }
  return code === 'EACCES' || code.startsWith('ERR_PARSE_ARGS') ? message : undefined;
}
