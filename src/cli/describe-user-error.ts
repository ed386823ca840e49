import { ConfigError } from '../config.ts';
import { UnsupportedNodeError } from '../node-version.ts';
import { WireError } from '../wire/wire-error.ts';
import { findSimilar } from './find-similar.ts';
import { AgentFileError } from './load-agent.ts';

/**
 * Describes an error that the user of the command line can mend.
 * @param options names of the options of the command. Default: none
 * @returns `undefined` for every other error, which is a fault of the program
 */
export function describeUserError(error: unknown, options: readonly string[] = []): string | undefined {
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
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return describeUnknownOption(message, options);
  return code === 'EACCES' || code.startsWith('ERR_PARSE_ARGS') ? message : undefined;
}

function describeUnknownOption(message: string, options: readonly string[]): string {
  const [, dashes = '--', name = ''] = /'(--?)([^'=]*)/.exec(message) ?? [];
  const similar = findSimilar(name, options);
  const question = similar === undefined ? '' : ` Did you mean --${similar}?`;
  return `There is no option ${dashes}${name}.${question} --help describes all options`;
}
